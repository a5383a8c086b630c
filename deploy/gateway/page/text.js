// Users' text with its URLs as links. They lead to other sites, and have rel=nofollow.
import { html } from "./dom.js";

// up to a character that is in no URL: blanks, invisible characters, quotes, and East Asian full stops and brackets
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

/** Removes a full stop after the URL, or a bracket around it: `(see https://example.com/a_(b)).` */
function withoutItsSentence(found) {
  let length = found.length;
  let surplus = found.split(")").length - found.split("(").length;
  for (; ; length--) {
    const last = found[length - 1];
    if (last === ")" && surplus > 0) surplus--;
    else if (!ENDS.includes(last)) return found.slice(0, length);
  }
}

/** The link's target; null if it is no valid URL, or has a user name: `https://bank.example@evil.example`. */
function target(typed) {
  if (typed.length > LONGEST || !URL.canParse(typed)) return null;
  const { href, username, password } = new URL(typed);
  return username || password ? null : href;
}
