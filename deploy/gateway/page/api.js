// Calls to the API: with the caller's token, idempotency keys for safe retries, and ETags for cheap rereads.
import { Problem, Unreachable, send } from "./http.js";
import { accessToken, onChange, randomKey, renew } from "./session.js";

export { Problem, Unreachable };

const MOST_KEPT = 200;
const LONGEST_PAUSE_S = 3;

/** Cache of single resources by path, with their ETags. Their content depends on the viewer. */
const seen = new Map();
onChange(() => seen.clear());

/**
 * A request body with its Idempotency-Key: the same content keeps its key, so that a second press or a lost answer
 * creates nothing twice. Changed content gets a new key.
 */
export class IdempotencyKey {
  #words = "";
  #key = "";

  keyFor(body) {
    const words = JSON.stringify(body);
    if (words !== this.#words) [this.#words, this.#key] = [words, randomKey()];
    return this.#key;
  }
}

/**
 * @typedef {object} Answer
 * @property {any} data the JSON of the body; null without one
 * @property {string | null} etag of a single resource: pass it as `ifMatch` with a change
 */

/** Read. A resource with an ETag is sent again only if it has changed. @returns {Promise<Answer>} */
export async function get(path, query = {}) {
  const address = withQuery(path, query);
  const before = seen.get(address);
  const response = await call("GET", address, { headers: before ? { "If-None-Match": before.etag } : {} });
  if (response.status === 304) return before;
  const answer = await read(response);
  if (answer.etag) remember(address, answer);
  return answer;
}

/** Create, or start an action. `key` makes a retry safe; `cookies` as in `send`. @returns {Promise<Answer>} */
export async function post(path, body, key = null, cookies = false) {
  const headers = key ? { "Idempotency-Key": key.keyFor(body) } : {};
  return read(await call("POST", path, { headers, json: body, cookies }));
}

/**
 * Change some fields of a resource that was read with the ETag `ifMatch`; 412 if it has changed meanwhile, unless to the
 * same values, since an answer may have been lost. Resources without an ETag have none.
 * @returns {Promise<Answer>}
 */
export async function patch(path, body, ifMatch = null) {
  const headers = ifMatch ? { "If-Match": ifMatch } : {};
  try {
    const answer = await read(await call("PATCH", path, { headers, json: body }));
    if (answer.etag) remember(path, answer);
    return answer;
  } catch (problem) {
    const now = problem.status === 412 && (await get(path).catch(() => null));
    const isSo = ([name, value]) => JSON.stringify(now.data[name]) === JSON.stringify(value);
    if (now && Object.entries(body).every(isSo)) return now;
    throw problem;
  }
}

export const put = (path) => call("PUT", path);
export const remove = (path) => call("DELETE", path);

/** Download a file. @returns {Promise<Blob>} */
export async function download(path) {
  return (await call("GET", path)).blob();
}

function withQuery(path, query) {
  const given = Object.entries(query).filter(([, value]) => value);
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

async function read(response) {
  const text = await response.text();
  return { data: text ? JSON.parse(text) : null, etag: response.headers.get("ETag") };
}

function remember(address, answer) {
  if (seen.size >= MOST_KEPT) seen.delete(seen.keys().next().value); // the oldest
  seen.set(address, answer);
}

let prove = async () => false;

/** Call `ask` when the API wants a recent proof of who this is. It resolves to whether it was given. */
export function onProofNeeded(ask) {
  prove = ask;
}

/** Send with the caller's token. Renews a refused token once, and retries once if that is safe. */
async function call(method, path, { headers = {}, json, cookies = false } = {}) {
  const type = json === undefined ? {} : { "Content-Type": "application/json" };
  const body = json === undefined ? undefined : JSON.stringify(json);
  const attempt = (token) => {
    const bearer = token ? { Authorization: `Bearer ${token}` } : {};
    return send(method, path, { headers: { ...headers, ...type, ...bearer }, body, cookies });
  };
  let token = await accessToken();
  try {
    return await attempt(token);
  } catch (problem) {
    if (problem.code === "insufficient-user-authentication") {
      if (!(await prove())) throw problem;
      token = await accessToken();
    } else if (problem.status === 401 && token) {
      token = await renew(token);
    } else if (mayRepeat(method, headers) && isPassing(problem)) {
      await new Promise((resolve) => setTimeout(resolve, (problem.retryAfter || 0.5) * 1000));
    } else {
      throw problem;
    }
    return attempt(token).catch((again) => {
      const wasDone = method === "DELETE" && again.status === 404 && problem instanceof Unreachable;
      if (!wasDone) throw again;
    });
  }
}

const mayRepeat = (method, headers) =>
  ["GET", "PUT", "DELETE"].includes(method) || "Idempotency-Key" in headers || "If-Match" in headers;

/** Whether a retry may succeed in a moment. This 409 means that the first attempt is still running. */
function isPassing(problem) {
  if (problem instanceof Unreachable) return true;
  const soon = (problem.retryAfter ?? 0) <= LONGEST_PAUSE_S;
  return soon && (problem.status === 503 || problem.code === "request-in-progress");
}
