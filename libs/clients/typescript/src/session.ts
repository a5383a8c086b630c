// The session: sends requests with its access token, and renews the token when it is refused.
import { Problem } from "./errors.js";
import { send, type Outgoing } from "./retries.js";
import type { TokenStore, Tokens } from "./store.js";

/** The server accepts a repeated refresh token for ten seconds: a lost answer leaves time for a second attempt. */
const RENEWAL_PATIENCE_MS = 3000;
const isKey = (token: string): boolean => token.startsWith("trv_");
/** Codes of refusals that end the session. */
const OVER = ["invalid-grant", "invalid-subject-token"];
/** They take no access token. */
const UNSIGNED = ["/auth/token", "/auth/revoke", "/auth/sign-in", "/auth/sign-in/second-factor"];

export class Session {
  constructor(
    private readonly baseUrl: string,
    private readonly store: TokenStore,
    private readonly timeoutMs: number,
    private readonly fetch: typeof globalThis.fetch,
  ) {}

  get isSignedIn(): boolean {
    return this.store.load() !== null;
  }

  async signIn(email: string, password: string): Promise<void> {
    const fields = { grant_type: "password", username: email, password };
    await this.store.alone(async () => {
      this.store.save(await tokensOf(await send(this.form("/auth/token", fields), this.fetch)));
    });
  }

  async signInWithKey(key: string): Promise<void> {
    await this.store.alone(async () => {
      this.store.save(await tokensOf(await send(this.form("/auth/token", renewing(key)), this.fetch), key));
    });
  }

  /** A step-up answers an access token only: the refresh token stays. */
  async keep(answer: { access_token: string; refresh_token?: string | null }): Promise<void> {
    await this.store.alone(async () => {
      const refresh_token = answer.refresh_token ?? this.store.load()?.refresh_token ?? "";
      this.store.save({ access_token: answer.access_token, refresh_token });
    });
  }

  async signOut(): Promise<void> {
    await this.store.alone(async () => {
      const tokens = this.store.load();
      if (!tokens) return;
      this.store.save(null);
      if (isKey(tokens.refresh_token)) return;
      const fields = { token: tokens.refresh_token, token_type_hint: "refresh_token" };
      const answer = await send({ ...this.form("/auth/revoke", fields), repeatable: true }, this.fetch);
      if (!answer.ok) throw await problemOf(answer);
    });
  }

  /** What openapi-fetch calls in place of `fetch`. */
  async send(request: Request): Promise<Response> {
    const outgoing = await this.outgoing(request);
    const isSigned = !UNSIGNED.includes(new URL(request.url).pathname);
    const tokens = isSigned ? this.store.load() : null;
    const answer = await this.sendWith(tokens, outgoing);
    // Another token of the same proofs would not help (RFC 9470).
    const wantsProof = answer.headers.get("WWW-Authenticate")?.includes("insufficient_user_authentication");
    if (answer.status !== 401 || !tokens || wantsProof) return answer;
    const renewed = await this.renew(tokens, outgoing);
    return renewed ? this.sendWith(renewed, outgoing) : answer;
  }

  private sendWith(tokens: Tokens | null, outgoing: Outgoing): Promise<Response> {
    const headers = new Headers(outgoing.headers);
    if (tokens) headers.set("Authorization", `Bearer ${tokens.access_token}`);
    return send({ ...outgoing, headers }, this.fetch);
  }

  /** Replace tokens that were refused; null if the session has ended. Concurrent callers share one renewal. */
  private renew(refused: Tokens, { signal, endsAt }: Outgoing): Promise<Tokens | null> {
    return this.store.alone(async () => {
      const now = this.store.load();
      if (now?.access_token !== refused.access_token) return now;
      const form = { ...this.form("/auth/token", renewing(now.refresh_token)), signal, endsAt };
      const answer = await send({ ...form, repeatable: true, patienceMs: RENEWAL_PATIENCE_MS }, this.fetch);
      const tokens = await tokensOf(answer, now.refresh_token).catch((error: unknown) => {
        // Others, such as overload, do not concern the session.
        if (!(error instanceof Problem && OVER.includes(error.code))) throw error;
        return null;
      });
      this.store.save(tokens);
      return tokens;
    });
  }

  private form(path: string, fields: Record<string, string>): Outgoing {
    const headers = new Headers({ Accept: "application/json" });
    const request = { url: this.baseUrl + path, method: "POST", headers, body: new URLSearchParams(fields) };
    return { ...request, signal: new AbortController().signal, endsAt: this.end() };
  }

  private async outgoing(request: Request): Promise<Outgoing> {
    const { url, method, headers, signal } = request;
    return { url, method, headers, signal, endsAt: this.end(), body: (await request.text()) || undefined };
  }

  private end(): number {
    return Date.now() + this.timeoutMs;
  }
}

/** The fields of a grant by a refresh token, or by an API key (RFC 8693). */
function renewing(token: string): Record<string, string> {
  if (!isKey(token)) return { grant_type: "refresh_token", refresh_token: token };
  const grant_type = "urn:ietf:params:oauth:grant-type:token-exchange";
  return { grant_type, subject_token: token, subject_token_type: "urn:trivium:token-type:api-key" };
}

/** `key`: what was exchanged, if the answer has no refresh token. */
async function tokensOf(answer: Response, key = ""): Promise<Tokens> {
  if (!answer.ok) throw await problemOf(answer);
  const { access_token, refresh_token = key } = (await answer.json()) as Partial<Tokens> & { access_token: string };
  return { access_token, refresh_token };
}

async function problemOf(answer: Response): Promise<Problem> {
  return new Problem(answer, await answer.json().catch(() => null));
}
