// Text as people wrote it, with the addresses in it as links. They lead out of the page and are nobody's recommendation.
import { html } from "./dom.js";

// up to what never stands in an address: blanks, invisible signs, quotes, and the full stops and brackets of East Asia
const ADDRESS = /\bhttps?:\/\/[^\s\p{C}<>"“”«»。、，；：！？（）「」『』【】《》]+/giu;
const LONGEST = 2000;
const ENDS = ".,:;!?'’‘…]}*";
const REL = "nofollow noopener noreferrer ugc";

export function Linked({ text }) {
  const parts = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const typed = withoutItsSentence(found);
    const href = target(typed);
    if (!href) continue;
    parts.push(text.slice(from, index), html`<a href=${href} rel=${REL} target="_blank">${typed}</a>`);
    from = index + typed.length;
  }
  return [...parts, text.slice(from)];
}

/** Without the full stop after it, or the bracket around it: `(see https://example.com/a_(b)).` */
function withoutItsSentence(found) {
  let length = found.length;
  let surplus = found.split(")").length - found.split("(").length;
  for (; ; length--) {
    const last = found[length - 1];
    if (last === ")" && surplus > 0) surplus--;
    else if (!ENDS.includes(last)) return found.slice(0, length);
  }
}

/** Where it leads; null for what is no address after all, or names a user: `https://bank.example@evil.example`. */
function target(typed) {
  if (typed.length > LONGEST || !URL.canParse(typed)) return null;
  const { href, username, password } = new URL(typed);
  return username || password ? null : href;
}
