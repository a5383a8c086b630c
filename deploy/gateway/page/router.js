// Routes are paths. The gateway answers all of them with index.html: its Caddyfile has the same list as app.js.
import { useEffect, useState } from "./dom.js";
import { arrive } from "./entries.js";

// Mail programs rewrite links: with escapes, in the path, as a query. A token has only letters, digits, `-` and `_`, so it
// ends before the rest of a sentence.
const IN_PATH = /^\/(?:%(?:25)*23|(?=verify-email|password-reset|email-change))/i;
const MAILED = "(verify-email|password-reset|email-change)(?:=([\\w-]*)|$)";
const MAILED_HERE = new RegExp(`^#[/?]*${MAILED}`);
const MAILED_IN_QUERY = new RegExp(`[?&]${MAILED}`);

/** Addresses of earlier versions of this page: `/#/search`, for `/search`. */
const IN_FRAGMENT = /^#[/\\]+(.*)$/s;

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

/** `/people/7`, `/search?q=moon`: for `href`. */
export function link(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value);
  return `${path}${given.length ? `?${new URLSearchParams(given)}` : ""}`;
}

export function go(path, query) {
  const address = link(path, query);
  if (address === location.pathname + location.search) return;
  history.pushState(null, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** Navigate, and replace the current entry of the history. */
export function replace(path, query) {
  history.replaceState(null, "", link(path, query));
  dispatchEvent(new PopStateEvent("popstate"));
}

/** Follow links to routes without loading the page again. @param {(path: string) => boolean} isRoute */
export function followLinks(isRoute) {
  addEventListener("click", (event) => {
    const anchor = event.target.closest?.("a[href]");
    const isOther = event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (!anchor || isOther || event.defaultPrevented || anchor.target || anchor.hasAttribute("download")) return;
    const { origin, pathname, search, hash } = anchor;
    if (origin !== location.origin || hash || !isRoute(pathname)) return;
    event.preventDefault();
    go(pathname + search);
  });
}

/** @returns {{path: string, query: Record<string, string>, top: number}} `top`: the earlier scroll position */
function here() {
  const { pathname, search, hash } = location;
  if (IN_PATH.test(pathname)) history.replaceState(null, "", `${pathname.replace(IN_PATH, "/#")}${search}${hash}`);
  const opened = MAILED_HERE.exec(unescaped(location.hash)) ?? MAILED_IN_QUERY.exec(unescaped(location.search));
  if (opened) {
    mailed = opened[2] ?? "";
    history.replaceState(null, "", `/mailed/${opened[1]}`);
  }
  const arrived = FROM_PROVIDER.exec(location.hash);
  if (arrived) {
    fromProvider = { kind: arrived[1], value: arrived[2] };
    history.replaceState(null, "", "/from-provider");
  }
  const earlier = location.pathname === "/" && IN_FRAGMENT.exec(location.hash);
  if (earlier) earlier[1] = earlier[1].replace(/^posts\//, "post/"); // only with posts
  if (earlier) history.replaceState(null, "", `/${earlier[1]}`);
  return { path: location.pathname, query: Object.fromEntries(new URLSearchParams(location.search)), top: arrive() };
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
    addEventListener("popstate", move);
    return () => removeEventListener("popstate", move);
  }, []);
  return route;
}

/**
 * The first matching pattern, and the values of its `:name` parts.
 * @param {[string, Function][]} routes `["/people/:id", PersonPage]`; a named part of digits only: `:id#`
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
