// Where the tokens of a session are kept.

/** The refresh token works once: each renewal gives a new pair. An API key takes its place, and never changes. */
export interface Tokens {
  access_token: string;
  refresh_token: string;
}

export interface TokenStore {
  /** The newest tokens; null without a session. */
  load(): Tokens | null;
  save(tokens: Tokens | null): void;
  /** Run `work` while nobody else who uses the same tokens runs theirs. */
  alone<T>(work: () => Promise<T>): Promise<T>;
}

/** Keeps tokens in memory. */
export class MemoryStore implements TokenStore {
  #tokens: Tokens | null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(tokens: Tokens | null = null) {
    this.#tokens = tokens;
  }

  load(): Tokens | null {
    return this.#tokens;
  }

  save(tokens: Tokens | null): void {
    this.#tokens = tokens;
  }

  alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work, work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}

/**
 * Keeps tokens in localStorage, so that all tabs share one session. Scripts that run in the page can read them: allow
 * only your own, by a Content-Security-Policy.
 *
 * One tab renews at a time. The next one may still read the older tokens: browsers do not order localStorage by locks,
 * and plain HTTP on another host has no locks. It repeats the renewal, and the server gives it the same answer for ten
 * seconds.
 */
export class BrowserStore extends MemoryStore {
  readonly #key: string;

  constructor(key = "trivium-client.tokens") {
    super();
    this.#key = key;
  }

  override load(): Tokens | null {
    return JSON.parse(localStorage.getItem(this.#key) ?? "null") as Tokens | null;
  }

  override save(tokens: Tokens | null): void {
    if (tokens) localStorage.setItem(this.#key, JSON.stringify(tokens));
    else localStorage.removeItem(this.#key);
  }

  override async alone<T>(work: () => Promise<T>): Promise<T> {
    return "locks" in navigator ? await navigator.locks.request(this.#key, work) : super.alone(work);
  }
}
