import createClient, { type Client } from "openapi-fetch";

import { CREATING } from "./codes.js";
import type { paths } from "./schema.js";
import { Session } from "./session.js";
import { MemoryStore, type TokenStore } from "./store.js";

export { iterate, take } from "./answers.js";
export type { ProblemCode } from "./codes.js";
export { isProblem, NoAnswer, Problem, TriviumError, UnexpectedAnswer } from "./errors.js";
export type { components, operations, paths } from "./schema.js";
export { BrowserStore, MemoryStore, type Tokens, type TokenStore } from "./store.js";

export interface TriviumOptions {
  /** The address of the gateway; in a page that it serves, `location.origin`. */
  baseUrl: string;
  /** Where the tokens are kept; in memory by default. In a browser, `BrowserStore` shares them between tabs. */
  store?: TokenStore;
  /** Milliseconds for one call, with its retries: 10 s by default. A call's own `signal` may end it earlier. */
  timeoutMs?: number;
  fetch?: typeof globalThis.fetch;
}

/** openapi-fetch's client, and the session. */
export interface Trivium extends Client<paths> {
  /** Start a session. @throws {Problem} `invalid-grant` for a wrong address or password */
  signIn(email: string, password: string): Promise<void>;
  /** Take over the tokens that `/auth/sign-in`, its second step or its step-up has answered. */
  keep(answer: { access_token: string; refresh_token?: string | null }): Promise<void>;
  /** Use an API key, exchanged when necessary. @throws {Problem} `invalid-subject-token` for one that is not valid */
  signInWithKey(key: string): Promise<void>;
  /** End the session, or forget the API key. If the server cannot be reached, the tokens are deleted here all the same. */
  signOut(): Promise<void>;
  isSignedIn(): boolean;
}

/** A client for the API, for one person or none. */
export function createTrivium(options: TriviumOptions): Trivium {
  const { baseUrl, store = new MemoryStore(), timeoutMs = 10_000, ...how } = options;
  const base = baseUrl.replace(/\/+$/, "");
  const fetch = how.fetch ?? ((...request: Parameters<typeof globalThis.fetch>) => globalThis.fetch(...request));
  const session = new Session(base, store, timeoutMs, fetch);
  const client = createClient<paths>({ baseUrl: base, fetch: (request) => session.send(request) });
  client.use({
    onRequest({ request, schemaPath }) {
      const isCreating = request.method === "POST" && CREATING.has(schemaPath);
      if (isCreating && !request.headers.has("Idempotency-Key")) request.headers.set("Idempotency-Key", randomKey());
    },
  });
  return {
    ...client,
    signIn: (email, password) => session.signIn(email, password),
    keep: (answer) => session.keep(answer),
    signInWithKey: (key) => session.signInWithKey(key),
    signOut: () => session.signOut(),
    isSignedIn: () => session.isSignedIn,
  };
}

/** 128 random bits. Not crypto.randomUUID, which plain HTTP on another host does not have. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
