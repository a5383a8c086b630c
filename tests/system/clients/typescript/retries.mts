// What libs/clients/typescript repeats, with servers that answer as they are told. Prints the attempts of each case.
import { createTrivium, isProblem, MemoryStore, NoAnswer, take, type Trivium } from "trivium-client";

type Outcome = () => Response;

const problem = (status: number, code: string, retryAfter = "0"): Outcome => () =>
  Response.json({ code, status, title: "Refused" }, { status, headers: { "Retry-After": retryAfter } });
const lost: Outcome = () => {
  throw new TypeError("the connection was reset");
};
const halfway: Outcome = () =>
  new Response(new ReadableStream({ start: (stream) => stream.error(new TypeError("the connection was reset")) }));
const done: Outcome = () => Response.json({ id: 7 });

const params = { path: { post_id: 7 } };
const CALLS: Record<string, (api: Trivium) => Promise<{ response: Response }>> = {
  read: (api) => api.GET("/posts/{post_id}", { params }),
  create: (api) => api.POST("/posts", { body: { title: "First light", body: "Clear." } }),
  change: (api) => api.PATCH("/posts/{post_id}", { params, body: { title: "Second light" } }),
  change_if: (api) =>
    api.PATCH("/posts/{post_id}", { params: { ...params, header: { "If-Match": '"1"' } }, body: { title: "Second" } }),
  act: (api) => api.POST("/auth/verify-email/confirm", { body: { token: "abc" } }),
};
const OUTCOMES: Record<string, Outcome> = {
  lost,
  halfway,
  "502": problem(502, ""),
  "database-unavailable": problem(503, "database-unavailable"),
  overloaded: problem(503, "overloaded"),
  "rate-limited": problem(429, "rate-limited"),
  "request-in-progress": problem(409, "request-in-progress"),
  "internal-error": problem(500, "internal-error"),
  "post-not-found": problem(404, "post-not-found"),
};

/** A server that gives the outcomes in their order; the last one again and again. */
class Server {
  readonly keys: (string | null)[] = [];
  readonly #outcomes: Outcome[];

  constructor(...outcomes: Outcome[]) {
    this.#outcomes = outcomes;
  }

  client(): Trivium {
    const fetch = async (_: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
      this.keys.push(new Headers(init?.headers).get("Idempotency-Key"));
      return (this.#outcomes.length > 1 ? this.#outcomes.shift()! : this.#outcomes[0]!)();
    };
    return createTrivium({ baseUrl: "http://trivium.test", fetch, store: new MemoryStore() });
  }
}

const attempts: Record<string, Record<string, number>> = {};
for (const [name, outcome] of Object.entries(OUTCOMES)) {
  attempts[name] = {};
  for (const [call, work] of Object.entries(CALLS)) {
    const server = new Server(outcome, done);
    await work(server.client()).catch((error: unknown) => {
      if (!(error instanceof NoAnswer)) throw error;
    });
    attempts[name][call] = server.keys.length;
    if (call === "create" && new Set(server.keys).size !== 1) throw new Error("another key");
  }
}

const busy = new Server(problem(503, "overloaded"));
const refused = await take(CALLS["read"]!(busy.client())).catch((error: unknown) => error);
const patient = new Server(problem(429, "rate-limited", "60"));
await CALLS["read"]!(patient.client());
const gone = new Server(lost, problem(404, "post-not-found"));
await take(gone.client().DELETE("/posts/{post_id}", { params }));
const nothing = new Server(problem(404, "post-not-found"));
const missing = await take(nothing.client().DELETE("/posts/{post_id}", { params })).catch((error: unknown) => error);
const left = new Error("the reader has left");
const reader = new Server(done).client();
const ended = await reader.GET("/posts", { signal: AbortSignal.abort(left) }).catch((error: unknown) => error);
console.log(
  JSON.stringify({
    attempts,
    most: [busy.keys.length, isProblem(refused, "overloaded")],
    too_long: patient.keys.length,
    deleted: gone.keys.length,
    missing: isProblem(missing, "post-not-found"),
    own_reason: ended === left,
  }),
);
