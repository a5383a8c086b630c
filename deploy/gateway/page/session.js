// Who is signed in on this device: the two tokens, where they are kept, and when they are renewed.
//
// The access token (5 min) is kept in memory only. The refresh token is in localStorage, so that one sign-in is good for
// all tabs and for tomorrow. The price: a script that ran in this page could read it, which cookies out of reach of
// scripts would prevent; the API has none, so that it needs no defence against forged requests. What makes it fair here:
// the gateway's Content-Security-Policy lets only this page's own files run, no data ever becomes markup, and a refresh
// token works once: if a stolen copy is used beside ours, the server ends the session.
import { Problem, send, Unreachable } from "./http.js";
import { isBlocked, local } from "./storage.js";

const PLACE = "trivium.session";
const EARLY_MS = 30_000; // renew while the token is still good, so that no request has to fail first
// A try is given up after 3 s, since its answer may be lost; the last one, behind which nothing waits, has longer, for slow
// networks. It begins after 8.5 s: the server answers a token again for ten.
const RENEWAL_TRIES = [{ bound: 3000, pause: 500 }, { bound: 3000, pause: 2000 }, { bound: 10_000 }];

/** @type {{token: string, endsAt: number} | null} */
let access = null;
let renewing = null;
const listeners = new Set();

/** What is kept: `sign_in` tells one sign-in from the next, `refresh` changes with each renewal. */
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
 * Call `listener` whenever somebody signs in or out, here or in another tab; with `true` when they have signed out
 * themselves, in this one.
 * @returns a function that stops it
 */
export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const isSignedIn = () => kept() !== null;

/** One form to auth, as OAuth 2 wants it (RFC 6749, RFC 7009). */
async function post(path, fields, signal) {
  return send("POST", path, { body: new URLSearchParams(fields), signal });
}

/** @throws {Problem} `invalid-grant` for a wrong address or password, 429 after too many of them */
export async function signIn(email, password) {
  const answer = await post("/auth/token", { grant_type: "password", username: email, password });
  keep(randomKey(), await answer.json());
  tell();
}

/** End the session on the server too; if that cannot be reached, at least nobody can go on with it here. */
export async function signOut() {
  const was = kept();
  try {
    if (was) await post("/auth/revoke", { token: was.refresh, token_type_hint: "refresh_token" });
  } finally {
    forget(true);
  }
}

/** The access token to send, renewed shortly before its end; null when nobody is signed in. */
export async function accessToken() {
  if (access && access.endsAt - Date.now() > EARLY_MS) return access.token;
  return isSignedIn() ? renew(access?.token) : null;
}

/**
 * Get a new access token in place of `stale`, which is about to end or was refused. One renewal at a time: callers of
 * this tab share it, other tabs wait for their turn and then find the newer refresh token. Without locks (plain HTTP on
 * another host) two tabs may both try; the server gives the same answer to both for ten seconds. Where site data are
 * blocked, there are no locks either, and each tab has a session of its own.
 * @returns {Promise<string | null>} null when the session is over
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
    // Anything else (offline, too busy) says nothing about the session: the token stays for the next try.
    if (!(error instanceof Problem && error.code === "invalid-grant")) throw error;
    if (kept()?.sign_in === was.sign_in) forget();
    return null;
  }
}

/**
 * A renewal whose answer is lost may have been made. Sent again at once, the same token gets the same answer; sent later,
 * it looks stolen, and the session ends.
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
    throw error instanceof Problem ? error : new Unreachable(); // no answer, or half of one
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
