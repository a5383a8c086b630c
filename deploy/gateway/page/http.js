// One request to the API, and what can come of it: an answer, a Problem (RFC 9457), or no connection at all.

/** An answer of 400 or more. `code` is stable; the message is for people; `errors` says which fields are wrong. */
export class Problem extends Error {
  /** @param {Response} response  @param {object} body what came with it, `application/problem+json` as a rule */
  constructor(response, body) {
    super(body.detail || body.title || "Something went wrong.");
    this.status = response.status;
    this.code = body.code || "";
    /** @type {{loc: (string|number)[], msg: string, type: string}[]} */
    this.errors = body.errors || [];
    /** Seconds to wait before trying again; 0 when the answer does not say. */
    this.retryAfter = Number(response.headers.get("Retry-After")) || 0;
    /** By this the server's log tells the rest. */
    this.requestId = response.headers.get("X-Request-ID") || "";
  }
}

/** No answer: the device is offline, or the server cannot be reached. It may or may not have done what was asked. */
export class Unreachable extends Error {
  constructor() {
    super("The server cannot be reached. Check your connection and try again.");
  }
}

/**
 * Send one request. An answer of 304 is an answer.
 * @returns {Promise<Response>}
 * @throws {Problem | Unreachable}
 */
export async function send(method, path, { headers = {}, body, signal } = {}) {
  let response;
  try {
    // We hold no cookies and want none sent; `api.js` keeps what can be kept, so the browser's cache stays out of it.
    const how = { method, headers: { Accept: "application/json", ...headers }, body, signal };
    response = await fetch(path, { ...how, credentials: "omit", cache: "no-store" });
  } catch (error) {
    throw error.name === "AbortError" ? error : new Unreachable();
  }
  if (response.ok || response.status === 304) return response;
  throw new Problem(response, await response.json().catch(() => ({})));
}
