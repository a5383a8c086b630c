// The state of each entry of this tab's history for Back: the loaded items of its lists, and the scroll position.
import { onChange, randomKey } from "./session.js";

const MOST_KEPT = 50;
const OWN_MOVES = ["wheel", "touchstart", "pointerdown", "keydown"];

/** By the history's keys, the latest entry last. Only in memory: a reload of the page starts without it. */
const entries = new Map();
/** @type {{top: number, lists: Map<string, {items: any[], cursor: string | null}>}} */
let current = null;
let stop = () => {};

history.scrollRestoration = "manual"; // a browser would scroll before the list is loaded
addEventListener("scroll", () => (current.top = scrollY), { passive: true });
onChange(() => entries.forEach(({ lists }) => lists.clear())); // the content depends on the viewer

/** Enter an entry. @returns {number} its scroll position, 0 for a new one */
export function arrive() {
  const key = history.state?.entry ?? randomKey();
  if (!history.state) history.replaceState({ entry: key }, "");
  if (current) current.top = scrollY; // the event of the last scroll may still be to come
  current = entries.get(key) ?? { top: 0, lists: new Map() };
  entries.delete(key);
  entries.set(key, current);
  if (entries.size > MOST_KEPT) entries.delete(entries.keys().next().value);
  return current.top;
}

/** The lists of the current entry. */
export const listsHere = () => current.lists;

/** Scroll to a position at once, or when loading has made the page long enough, unless the user scrolls first. */
export function scrollBack(top) {
  stop();
  const reach = () => {
    scrollTo(0, top);
    if (scrollY >= top - 1) stop();
  };
  const observer = new ResizeObserver(reach);
  stop = () => {
    observer.disconnect();
    for (const move of OWN_MOVES) removeEventListener(move, stop);
  };
  for (const move of OWN_MOVES) addEventListener(move, stop, { passive: true });
  observer.observe(document.body);
  reach();
}
