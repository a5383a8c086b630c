import type { ProblemCode } from "./codes.js";
import type { components } from "./schema.js";

/** A call has failed: `Problem`, `NoAnswer`, or `UnexpectedAnswer`. */
export class TriviumError extends Error {}

/** The server could not be reached, not in time, or its answer was lost. The request may have been processed or not. */
export class NoAnswer extends TriviumError {
  constructor(cause: unknown) {
    super(`The server has not answered: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = "NoAnswer";
  }
}

/** The answer does not have the documented form, for instance because it is not from Trivium. */
export class UnexpectedAnswer extends TriviumError {
  constructor(message: string) {
    super(message);
    this.name = "UnexpectedAnswer";
  }
}

/** The API has refused a request, or has failed (RFC 9457). */
export class Problem extends TriviumError {
  readonly status: number;
  /** Stable; empty if the answer was not a problem. A newer server may have codes that are not in `ProblemCode`. */
  readonly code: ProblemCode | (string & {});
  /** For `validation-failed`: the wrong fields. */
  readonly errors: components["schemas"]["FieldError"][];
  /** Finds the request in the server's log. */
  readonly instance: string | undefined;
  /** Seconds to wait before a retry; undefined if the answer does not say. */
  readonly retryAfter: number | undefined;

  constructor(response: Response, body: unknown) {
    const members: Partial<components["schemas"]["Problem"]> = typeof body === "object" && body !== null ? body : {};
    super(members.detail ?? `HTTP status ${response.status}`);
    this.name = "Problem";
    this.status = response.status;
    this.code = members.code ?? "";
    this.errors = members.errors ?? [];
    this.instance = members.instance ?? undefined;
    this.retryAfter = retryAfter(response);
  }
}

/** Whether an error is the problem with this code: `if (isProblem(error, "post-not-found")) …` */
export function isProblem<Code extends ProblemCode>(error: unknown, code: Code): error is Problem & { code: Code } {
  return error instanceof Problem && error.code === code;
}

/** Seconds; undefined if the answer does not say, or says a date. */
export function retryAfter(response: Response): number | undefined {
  const told = response.headers.get("Retry-After") ?? "";
  return /^\d+$/.test(told) ? Number(told) : undefined;
}
