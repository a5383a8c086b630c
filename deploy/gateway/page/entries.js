// What each entry of this tab's history showed, so that Back finds it as it was left: lists as far as they were loaded,
// and how far down they were read.
import { onChange, randomKey } from "./session.js";

const MOST_KEPT = 50;
const OWN_MOVES = ["wheel", "touchstart", "pointerdown", "keydown"];

/** By the keys that the history holds, the entry that was last at last. In memory: a page that is loaded anew starts anew. */
const entries = new Map();
/** @type {{top: number, lists: Map<string, {items: any[], cursor: string | null}>}} */
let current = null;
let stop = () => {};

history.scrollRestoration = "manual"; // a browser would scroll before the list is there
addEventListener("scroll", () => (current.top = scrollY), { passive: true });
onChange(() => entries.forEach(({ lists }) => lists.clear())); // what is shown depends on the viewer

/** The visitor has come to an entry. @returns {number} how far down it was, 0 for a new one */
export function arrive() {
  const key = history.state?.entry ?? randomKey();
  if (!history.state) history.replaceState({ entry: key }, "");
  current = entries.get(key) ?? { top: 0, lists: new Map() };
  entries.delete(key);
  entries.set(key, current);
  if (entries.size > MOST_KEPT) entries.delete(entries.keys().next().value);
  return current.top;
}

/** The lists of the entry that is shown. */
export const listsHere = () => current.lists;

/** Scroll there: at once, or when what is still loading has made the page long enough, unless the visitor moves first. */
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
