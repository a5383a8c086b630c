// The story of libs/clients/typescript, in Node and in a browser: what the client adds to openapi-fetch.
import { createTrivium, isProblem, iterate, MemoryStore, NoAnswer, Problem, take } from "trivium-client";
import type { ProblemCode } from "trivium-client";

/** The network between client and server: counts the renewals, and loses an answer on demand. */
class Network {
  renewals = 0;
  losing = "";

  fetch = async (address: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const answer = await fetch(address, init);
    if (init?.body instanceof URLSearchParams && init.body.get("grant_type") === "refresh_token") this.renewals += 1;
    if (this.losing !== init?.method) return answer;
    this.losing = "";
    throw new TypeError("the answer was lost");
  };
}

async function codeOf(call: Promise<unknown>): Promise<ProblemCode | (string & {})> {
  const failure = await call.then(() => null, (error: unknown) => error);
  if (failure instanceof Problem) return failure.code;
  return failure instanceof NoAnswer ? "no-answer" : `neither: ${String(failure)}`;
}

/** A server that does not answer. */
function never(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

export async function story(baseUrl: string) {
  const network = new Network();
  const store = new MemoryStore();
  const trivium = createTrivium({ baseUrl, store, fetch: network.fetch });
  const person = { email: `${crypto.randomUUID()}@example.com`, password: "seven brave tin spoons", name: "Ada" };
  const { data: account } = await take(trivium.POST("/auth/register", { body: person }));
  await trivium.signIn(person.email, person.password);

  const draft = { title: "First light", body: "It was a clear night.", tags: ["astronomy"] };
  network.losing = "POST";
  const { data: post, etag } = await take(trivium.POST("/posts", { body: draft }));
  const params = { path: { post_id: post.id }, header: { "If-Match": etag ?? "" } };
  const revised = await take(trivium.PATCH("/posts/{post_id}", { params, body: { title: "Second light" } }));
  const stale = await codeOf(take(trivium.PATCH("/posts/{post_id}", { params, body: { title: "Too late" } })));
  for (const title of ["a", "b", "c"]) await take(trivium.POST("/posts", { body: { ...draft, title } }));
  const titles = [];
  const query = { author_id: account.id, limit: 2 };
  for await (const one of iterate((next) => trivium.GET("/posts", { params: { query: { ...query, ...next } } }))) {
    titles.push(one.title);
  }

  store.save({ ...store.load()!, access_token: "refused" });
  const everybody = await Promise.all(Array.from({ length: 20 }, () => take(trivium.GET("/auth/me"))));
  const renewals = network.renewals;
  const held = await take(trivium.GET("/users/me/export"));
  const nobodys = { params: { path: { post_id: Number.MAX_SAFE_INTEGER } } };
  let problem = "";
  try {
    await take(trivium.GET("/posts/{post_id}", nobodys));
  } catch (error) {
    if (isProblem(error, "post-not-found")) problem = error.code satisfies "post-not-found";
  }

  network.losing = "DELETE";
  const extra = (await take(trivium.POST("/posts", { body: draft }))).data;
  await take(trivium.DELETE("/posts/{post_id}", { params: { path: { post_id: extra.id } } }));
  network.losing = "PATCH";
  const lost = await codeOf(trivium.PATCH("/posts/{post_id}", { params, body: { title: "Third light" } }));
  const hurried = createTrivium({ baseUrl, store, timeoutMs: 50, fetch: (_, init) => never(init!.signal!) });
  const late = await codeOf(hurried.GET("/posts"));

  const wanted = { name: "import", scopes: ["auth:read"] as const };
  const key = (await take(trivium.POST("/auth/keys", { body: { ...wanted, scopes: [...wanted.scopes] } }))).data;
  const keys = new MemoryStore();
  const program = createTrivium({ baseUrl, store: keys });
  await program.signInWithKey(key.key);
  keys.save({ ...keys.load()!, access_token: "refused" });
  const owner = (await take(program.GET("/auth/me"))).data.id;
  const lacks = await codeOf(take(program.GET("/users/me")));
  await program.signOut();

  const ended = store.load()!;
  await trivium.signOut();
  store.save({ ...ended, access_token: "refused" });
  const over = await codeOf(take(trivium.GET("/auth/me")));
  return {
    account_id: account.id,
    post_id: post.id,
    title: revised.data.title,
    stale,
    listed: titles.join() === "c,b,a,Second light",
    complete: held.data.complete,
    problem,
    same: everybody.every(({ data }) => data.id === account.id),
    renewals,
    lost,
    late,
    over,
    by_key: owner === account.id,
    lacks,
    is_signed_in: trivium.isSignedIn(),
  };
}
