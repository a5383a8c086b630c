// Routes are in the fragment, behind `#`, so that all addresses are one file for the gateway.
import { useEffect, useState } from "./dom.js";
import { arrive } from "./entries.js";

// Mail programs rewrite links: with escapes, in the path, as a query. A token has only letters, digits, `-` and `_`, so it
// ends before the rest of a sentence.
const IN_PATH = /^\/(?:%(?:25)*23|(?=verify-email|password-reset|email-change))/i;
const MAILED = "(verify-email|password-reset|email-change)(?:=([\\w-]*)|$)";
const MAILED_HERE = new RegExp(`^#[/?]*${MAILED}`);
const MAILED_IN_QUERY = new RegExp(`[?&]${MAILED}`);

const FROM_PROVIDER = /^#provider-(code|linked|error)=([\w-]*)$/;

/** How a provider's flow came back last: `code`, `linked` or `error`, and its value. Only in memory, as `mailed`. */
let fromProvider = null;

/** @returns {{kind: string, value: string} | null} only once, so that a code is not redeemed twice */
export function takeArrival() {
  const taken = fromProvider;
  fromProvider = null;
  return taken;
}

/** The token of the mailed link that was opened last. Only in memory: not in the address bar, the history or a referrer. */
let mailed = null;

/** @returns {string | null} the link's token; "" if the link was damaged, null if there was none */
export const mailedToken = () => mailed;

/** `#/posts/7`, `#/search?q=moon`: for `href`. */
export function link(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value);
  return `#${path}${given.length ? `?${new URLSearchParams(given)}` : ""}`;
}

export function go(path, query) {
  location.hash = link(path, query);
}

/** Navigate, and replace the current entry of the history. */
export function replace(path, query) {
  history.replaceState(null, "", link(path, query));
  dispatchEvent(new HashChangeEvent("hashchange"));
}

/** @returns {{path: string, query: Record<string, string>, top: number}} `top`: the earlier scroll position */
function here() {
  const { pathname, search, hash } = location;
  if (IN_PATH.test(pathname)) history.replaceState(null, "", `${pathname.replace(IN_PATH, "/#")}${search}${hash}`);
  const opened = MAILED_HERE.exec(unescaped(location.hash)) ?? MAILED_IN_QUERY.exec(unescaped(location.search));
  if (opened) {
    mailed = opened[2] ?? "";
    history.replaceState(null, "", `/${link(`/mailed/${opened[1]}`)}`);
  }
  const arrived = FROM_PROVIDER.exec(location.hash);
  if (arrived) {
    fromProvider = { kind: arrived[1], value: arrived[2] };
    history.replaceState(null, "", link("/from-provider"));
  }
  const [path, query = ""] = location.hash.replace(/^#/, "").split("?");
  return { path: path || "/", query: Object.fromEntries(new URLSearchParams(query)), top: arrive() };
}

/** Decodes escaped ASCII, also if one program has escaped the escapes of another. */
function unescaped(text) {
  const once = text.replace(/%([2-7][0-9a-f])/gi, (_, code) => String.fromCharCode(parseInt(code, 16)));
  return once === text ? text : unescaped(once);
}

/** The current route. */
export function useRoute() {
  const [route, setRoute] = useState(here);
  useEffect(() => {
    const move = () => setRoute(here());
    addEventListener("hashchange", move);
    return () => removeEventListener("hashchange", move);
  }, []);
  return route;
}

/**
 * The first matching pattern, and the values of its `:name` parts.
 * @param {[string, Function][]} routes `["/posts/:id", PostPage]`; a named part of digits only: `:id#`
 */
export function match(routes, path) {
  const parts = path.split("/");
  for (const [pattern, view] of routes) {
    const wanted = pattern.split("/");
    const found = {};
    const fits = wanted.every((want, place) => {
      const part = parts[place];
      if (!want.startsWith(":")) return want === part;
      if (!part || (want.endsWith("#") && !/^[0-9]+$/.test(part))) return false;
      found[want.replace(/[:#]/g, "")] = decode(part);
      return true;
    });
    if (fits && wanted.length === parts.length) return { view, found };
  }
  return { view: null, found: {} };
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // the user typed a single %
  }
}
