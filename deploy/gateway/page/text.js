// Users' texts: URLs as links, and Markdown. Links lead to other sites, and have rel=nofollow.
import { html, useEffect, useState } from "./dom.js";

// up to a character that is in no URL: blanks, invisible characters, quotes, and East Asian full stops and brackets
export const ADDRESS = /\bhttps?:\/\/[^\s\p{C}<>"“”«»。、，；：！？（）「」『』【】《》]+/giu;
/** The address of a picture of this site, the only ones that the page shows: other sites would learn who reads here. */
export const PICTURE = /^\/[a-z]+\/pictures\/[0-9a-f]{32}\.webp$/;
const LONGEST = 2000;
const ENDS = ".,:;!?'’‘…]}*";
const SCHEMES = ["http:", "https:", "mailto:"];

// What may be Markdown. Texts without it stay as they were typed, and need no parser.
const MARKUP = /(?<![a-z\d])[*_](?=\S)|\*\*|~~|`|\]\(|<(?:https?:|mailto:|\S+@)|^ {0,3}(?:#{1,6} |>|[-+*] |\d{1,9}[.)] |(?:-{3,}|\*{3,}|_{3,})[ \t]*$)/im;
/** Patterns of `MARKUP` that are removed, and what they enclose. */
const SIGNS = [
  /^ {0,3}(?:```|~~~).*$/gm,
  /^ {0,3}(?:-{3,}|\*{3,}|_{3,})[ \t]*$/gm,
  /^ {0,3}(?:#{1,6} +|>+ ?)/gm,
  /!?\[([^[\]]*)\]\([^()\s]*\)/g,
  /(?<!\w)(?:\*{1,3}|_{1,3}|~~|`+)(?=\S)([^*_~`]+)(?<=\S)(?:\*{1,3}|_{1,3}|~~|`+)(?!\w)/g,
];

export const MARKDOWN = "Markdown works: **bold**, *italic*, `code`, > quote, - list, [words](https://…).";

/** The module markdown.js, which most views never need, and the function that loads it. */
let markdown = null;
let load = null;

/** Sets how markdown.js is loaded. Only app.js may import modules later. */
export function loadMarkdown(by) {
  load = async () => (markdown ??= await by());
}

/** A text that may have Markdown. @param {{text: string, heading: string}} props `heading`: the element of its headings */
export function Written({ text, heading = "h2" }) {
  const hasMarkup = MARKUP.test(text);
  const [parser, setParser] = useState(markdown);
  useEffect(() => {
    if (hasMarkup) load().then(setParser, () => {}); // without it, the text is shown as it was typed
  }, [hasMarkup]);
  if (hasMarkup && parser) return html`<${parser.Markdown} text=${text} heading=${heading} />`;
  return html`<div class="text"><${Linked} text=${text} /></div>`;
}

/** The beginning of a text, without most marks of Markdown. */
export function excerpt(text, characters) {
  const start = [...text.slice(0, 2 * characters)].slice(0, characters).join("");
  return MARKUP.test(start) ? SIGNS.reduce((rest, sign) => rest.replace(sign, (_, inner) => (typeof inner === "string" ? inner : "")), start) : start;
}

export function Linked({ text }) {
  const parts = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const typed = withoutItsSentence(found);
    const href = target(typed);
    if (!href) continue;
    parts.push(text.slice(from, index), html`<${Link} href=${href}>${typed}<//>`);
    from = index + typed.length;
  }
  return [...parts, text.slice(from)];
}

export const Link = ({ href, title, children }) => html`<a href=${href} title=${title} rel="nofollow noopener noreferrer ugc"
  target="_blank">${children}</a>`;

/** Removes a full stop after the URL, or a bracket around it: `(see https://example.com/a_(b)).` */
export function withoutItsSentence(found) {
  let length = found.length;
  let surplus = found.split(")").length - found.split("(").length;
  for (; ; length--) {
    const last = found[length - 1];
    if (last === ")" && surplus > 0) surplus--;
    else if (!ENDS.includes(last)) return found.slice(0, length);
  }
}

/** A link's target; null if it is no valid URL, or has a user name: `https://bank.example@evil.example`. */
export function target(typed) {
  if (typed.length > LONGEST || !URL.canParse(typed)) return null;
  const { href, protocol, username, password } = new URL(typed);
  return SCHEMES.includes(protocol) && !username && !password ? href : null;
}
