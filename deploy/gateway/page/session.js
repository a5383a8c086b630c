// The session of this device: its two tokens, their storage, and their renewal.
//
// The access token (5 min) is only in memory. The refresh token is in localStorage, so that one sign-in works in all tabs
// and after a restart. The drawback: a script that ran in this page could read it. HttpOnly cookies would prevent that,
// but the API has none for sessions, so that it needs no CSRF defence. Three measures limit the risk: the gateway's
// Content-Security-Policy runs only this page's own files, data never becomes markup, and a refresh token works once. If
// a stolen copy is used beside ours, the server ends the session.
import { Problem, send, Unreachable } from "./http.js";
import { isBlocked, local } from "./storage.js";

const PLACE = "trivium.session";
const DEVICE = "trivium.device"; // the token of a trusted device, which stays after signing out
const EARLY_MS = 30_000; // renew while the token is still valid, so that no request has to fail first
// An attempt ends after 3 s, since its answer may be lost. The last one has longer, for slow networks. It begins after
// 8.5 s: the server accepts a repeated token for ten.
const RENEWAL_TRIES = [{ bound: 3000, pause: 500 }, { bound: 3000, pause: 2000 }, { bound: 10_000 }];

/** @type {{token: string, endsAt: number} | null} */
let access = null;
let renewing = null;
const listeners = new Set();

/** The stored session: `sign_in` identifies the sign-in, `refresh` changes with each renewal. */
function kept() {
  return JSON.parse(local.getItem(PLACE) || "null");
}

function keep(signIn, answer) {
  local.setItem(PLACE, JSON.stringify({ sign_in: signIn, refresh: answer.refresh_token }));
  access = { token: answer.access_token, endsAt: Date.now() + answer.expires_in * 1000 };
}

function forget(left = false) {
  local.removeItem(PLACE);
  access = null;
  tell(left);
}

function tell(left = false) {
  for (const listener of listeners) listener(left);
}

/**
 * Call `listener` at each sign-in or sign-out, in any tab; with `true` if the user has signed out in this tab.
 * @returns a function that removes the listener
 */
export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const isSignedIn = () => kept() !== null;

/** Send a form to auth, as in OAuth 2 (RFC 6749, RFC 7009). */
async function post(path, fields, signal) {
  return send("POST", path, { body: new URLSearchParams(fields), signal });
}

async function postJson(path, fields, headers = {}, cookies = false) {
  const type = { "Content-Type": "application/json" };
  const answer = await send("POST", path, { headers: { ...headers, ...type }, body: JSON.stringify(fields), cookies });
  return answer.json();
}

/** @returns null once signed in, or the challenge that `secondStep` takes */
export function settle(answer) {
  if (answer.state !== "signed-in") return answer;
  if (answer.trusted_device) local.setItem(DEVICE, answer.trusted_device);
  keep(randomKey(), answer);
  tell();
  return null;
}

/**
 * @throws {Problem} `wrong-credentials` for a wrong address or password, 429 after too many attempts
 * @returns {Promise<{challenge: string, may_trust_device: boolean} | null>} null, or what the second factor is needed for
 */
export async function signIn(email, password) {
  const trusted_device = local.getItem(DEVICE) ?? undefined;
  return settle(await postJson("/auth/sign-in", { email, password, trusted_device }));
}

/** The second step. `proof` is `{code}` or `{recovery_code}`. @throws {Problem} `wrong-code`, `challenge-not-valid` */
export async function secondStep(challenge, proof, trust_device) {
  return settle(await postJson("/auth/sign-in/second-factor", { challenge, ...proof, trust_device }));
}

/** Prove again who this is; the next access tokens say so. `proof` has a `code`, `recovery_code` or `password`. */
export async function stepUp(proof) {
  const answer = await postJson("/auth/sign-in/step-up", proof, { Authorization: `Bearer ${await accessToken()}` });
  access = { token: answer.access_token, endsAt: Date.now() + answer.expires_in * 1000 };
}

/** Sign in with a browser's answer to a passkey request. @throws {Problem} `wrong-credentials` @returns as `signIn` does */
export async function signInByPasskey(credential) {
  return settle(await postJson("/auth/sign-in/passkey", { credential }));
}

/** Redeem the code with which a provider's sign-in came back. @throws {Problem} `provider-code-not-valid`, and others */
export async function signInByProvider(code) {
  return settle(await postJson("/auth/sign-in/provider", { code }, {}, true));
}

/** End the session, also on the server. If the server cannot be reached, the session is still deleted here. */
export async function signOut() {
  const was = kept();
  try {
    if (was) await post("/auth/revoke", { token: was.refresh, token_type_hint: "refresh_token" });
  } finally {
    forget(true);
  }
}

/** The access token, renewed shortly before its end; null without a session. */
export async function accessToken() {
  if (access && access.endsAt - Date.now() > EARLY_MS) return access.token;
  return isSignedIn() ? renew(access?.token) : null;
}

/**
 * Replace the access token `stale`, which is about to expire or was refused. One renewal at a time: callers in this tab
 * share it, and other tabs wait for a lock and then find the newer refresh token. Without locks (plain HTTP on another
 * host) two tabs may both renew; the server gives both the same answer for ten seconds. If site data are blocked, there
 * are no locks either, but each tab has its own session.
 * @returns {Promise<string | null>} null if the session has ended
 */
export function renew(stale) {
  if (access && access.token !== stale) return Promise.resolve(access.token);
  const inTurn = navigator.locks && !isBlocked ? (work) => navigator.locks.request(PLACE, work) : (work) => work();
  renewing ??= inTurn(exchange).finally(() => (renewing = null));
  return renewing;
}

async function exchange() {
  const was = kept();
  if (!was) return null;
  try {
    const tokens = await exchanged(was.refresh);
    if (kept()?.sign_in !== was.sign_in) return null; // signed out meanwhile
    keep(was.sign_in, tokens);
    return access.token;
  } catch (error) {
    // Other errors (offline, overload) do not concern the session: the token stays for the next attempt.
    if (!(error instanceof Problem && error.code === "invalid-grant")) throw error;
    if (kept()?.sign_in === was.sign_in) forget();
    return null;
  }
}

/**
 * If an answer is lost, the renewal may have happened. Repeated at once, the same token gets the same answer. Repeated
 * later, it looks stolen, and the session ends.
 */
async function exchanged(refresh) {
  for (const { bound, pause } of RENEWAL_TRIES) {
    try {
      return await exchangedWithin(bound, refresh);
    } catch (error) {
      const isPassing = error instanceof Unreachable || [502, 503, 504].includes(error.status);
      if (!isPassing || !pause) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

async function exchangedWithin(bound, refresh) {
  const fields = { grant_type: "refresh_token", refresh_token: refresh };
  try {
    const answer = await post("/auth/token", fields, AbortSignal.timeout(bound));
    return await answer.json();
  } catch (error) {
    throw error instanceof Problem ? error : new Unreachable(); // no answer, or an incomplete one
  }
}

/** 128 random bits. Not crypto.randomUUID, which plain HTTP on another host does not have. */
export function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

addEventListener("storage", ({ key, oldValue, newValue }) => {
  const signInOf = (text) => (text ? JSON.parse(text).sign_in : null);
  if (key !== null && (key !== PLACE || signInOf(oldValue) === signInOf(newValue))) return;
  access = null;
  tell();
});
