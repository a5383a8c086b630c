// Which requests are repeated, and when.
import { NoAnswer, retryAfter } from "./errors.js";

const ATTEMPTS = 4;
// Each further pause is twice as long. Half of it is random, so that clients do not come back together.
const FIRST_PAUSE_MS = 200;
/** Codes of requests that the server has refused before it did anything. */
const NOT_STARTED: ReadonlySet<string> = new Set(["overloaded", "too-busy", "keys-unavailable", "request-in-progress"]);

/** One request that can be sent several times. */
export interface Outgoing {
  url: string;
  method: string;
  headers: Headers;
  body: BodyInit | undefined;
  /** The caller's own: its reason is thrown as it is. */
  signal: AbortSignal;
  /** The end of the call, over all attempts and pauses: milliseconds, as from `Date.now()`. */
  endsAt: number;
  /** Repeated without a second effect, although its method does not say so. */
  repeatable?: boolean;
  /** Milliseconds for one attempt. */
  patienceMs?: number;
}

/**
 * Send a request, and repeat it while that is safe and useful.
 * @throws {NoAnswer} there was no answer, or not in time
 */
export async function send(request: Outgoing, fetch: typeof globalThis.fetch): Promise<Response> {
  let wasUnknown = false;
  for (let attempt = 1; ; attempt++) {
    const outcome = await attempted(request, fetch);
    const pauseMs = await pauseAfter(request, outcome, attempt);
    if (pauseMs === undefined || Date.now() + pauseMs >= request.endsAt) return settled(request, outcome, wasUnknown);
    wasUnknown ||= isUnknown(outcome);
    await pause(pauseMs, request.signal);
  }
}

/** The whole answer, so that an answer that is lost halfway is a lost answer. */
async function attempted(request: Outgoing, fetch: typeof globalThis.fetch): Promise<Response | NoAnswer> {
  const { url, method, headers, body, patienceMs = Infinity } = request;
  const end = new AbortController();
  const forward = (): void => end.abort(request.signal.reason);
  request.signal.addEventListener("abort", forward);
  const leftMs = Math.max(0, Math.min(request.endsAt - Date.now(), patienceMs));
  const timer = setTimeout(() => end.abort(new Error("the time for it is over")), leftMs);
  try {
    request.signal.throwIfAborted();
    // The API uses no cookies.
    const how = { method, headers, body: body ?? null, signal: end.signal, credentials: "omit" } as const;
    const answer = await fetch(url, how);
    const content = await answer.arrayBuffer();
    return new Response(content.byteLength ? content : null, answer);
  } catch (error) {
    request.signal.throwIfAborted();
    return new NoAnswer(error);
  } finally {
    clearTimeout(timer);
    request.signal.removeEventListener("abort", forward);
  }
}

/** Milliseconds until the next attempt; undefined if the outcome is final. */
async function pauseAfter(
  request: Outgoing,
  outcome: Response | NoAnswer,
  attempt: number,
): Promise<number | undefined> {
  if (attempt >= ATTEMPTS) return undefined;
  if (!(await isWithoutEffect(outcome)) && !(mayRepeat(request) && isUnknown(outcome))) return undefined;
  const told = outcome instanceof Response ? retryAfter(outcome) : undefined;
  if (told !== undefined) return told * 1000;
  return FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
}

/** A repeated `If-Match` would no longer match. */
function mayRepeat({ method, headers, repeatable }: Outgoing): boolean {
  if (["GET", "PUT", "DELETE"].includes(method) || headers.has("Idempotency-Key")) return true;
  return repeatable === true || (method === "PATCH" && !headers.has("If-Match"));
}

/** Whether the request has surely not been processed, and may be in a moment. */
async function isWithoutEffect(outcome: Response | NoAnswer): Promise<boolean> {
  if (outcome instanceof NoAnswer || outcome.ok) return false; // fetch does not tell whether it had a connection
  if (outcome.status === 429) return true;
  if (outcome.status !== 503 && outcome.status !== 409) return false;
  const problem: unknown = await outcome.clone().json().catch(() => null);
  return NOT_STARTED.has((problem as { code?: string } | null)?.code ?? "");
}

function isUnknown(outcome: Response | NoAnswer): boolean {
  return outcome instanceof NoAnswer || [502, 503, 504].includes(outcome.status);
}

function settled(request: Outgoing, outcome: Response | NoAnswer, wasUnknown: boolean): Response {
  if (outcome instanceof NoAnswer) throw outcome;
  // The attempt whose answer was lost has deleted it.
  if (request.method === "DELETE" && wasUnknown && outcome.status === 404) return new Response(null, { status: 204 });
  return outcome;
}

/** @throws the signal's reason, if it is aborted meanwhile */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", late, { once: true });
    function done(): void {
      signal.removeEventListener("abort", late);
      resolve();
    }
    function late(): void {
      clearTimeout(timer);
      reject(signal.reason);
    }
  });
}
