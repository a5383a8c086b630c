// One request to the API, and its outcome: an answer, a Problem (RFC 9457), or no connection.

/** An answer of 400 or more. `code` is stable; the message is for people; `errors` names the wrong fields. */
export class Problem extends Error {
  /** @param {Response} response  @param {object} body its JSON, usually `application/problem+json` */
  constructor(response, body) {
    super(body.detail || body.title || "Something went wrong.");
    this.status = response.status;
    this.code = body.code || "";
    /** @type {{loc: (string|number)[], msg: string, type: string}[]} */
    this.errors = body.errors || [];
    /** Seconds to wait before a retry; 0 if the answer does not say. */
    this.retryAfter = Number(response.headers.get("Retry-After")) || 0;
    /** Finds the request in the server's log. */
    this.requestId = response.headers.get("X-Request-ID") || "";
  }
}

/** No answer: the device is offline, or the server cannot be reached. The request may have been processed or not. */
export class Unreachable extends Error {
  constructor() {
    super("The server cannot be reached. Check your connection and try again.");
  }
}

/** The answer that start.js has asked for, once. */
function early(method, path, headers) {
  if (globalThis.early?.resource !== path || method !== "GET" || headers.Authorization) return null;
  const { answer } = globalThis.early;
  globalThis.early = null;
  return answer;
}

/**
 * Send one request. An answer of 304 is an answer. `cookies`: with the one that ties a provider's flow to this browser.
 * @returns {Promise<Response>}
 * @throws {Problem | Unreachable}
 */
export async function send(method, path, { headers = {}, body, signal, cookies = false } = {}) {
  let response;
  try {
    // The API uses no other cookies. `api.js` has its own cache, so the browser's cache is not used.
    const how = { method, headers: { Accept: "application/json", ...headers }, body, signal };
    response = await (early(method, path, headers) ?? fetch(path, { ...how, credentials: cookies ? "same-origin" : "omit", cache: "no-store" }));
  } catch (error) {
    throw error.name === "AbortError" ? error : new Unreachable();
  }
  if (response.ok || response.status === 304) return response;
  throw new Problem(response, await response.json().catch(() => ({})));
}
