// A safe subset of Markdown as elements. No HTML, no pictures of other sites, and no headings beside those of the page.
import { html, useMemo } from "./dom.js";
import { ADDRESS, Link, Linked, PICTURE, target, withoutItsSentence } from "./text.js";
import MarkdownIt from "./vendor/markdown-it.js";

const DEEPEST = 20; // elements in each other
const MOST = 20_000; // tokens
const RULES = ["autolink", "backticks", "blockquote", "emphasis", "escape", "fence", "heading", "hr", "image", "link", "list",
  "newline", "strikethrough"];
const ELEMENTS = { blockquote: "blockquote", bullet_list: "ul", em: "em", list_item: "li", paragraph: "p", s: "s", strong: "strong" };
const TYPED = new RegExp(ADDRESS.source.replace(/\+$/, "{1,2000}"), "iuy");
const STOPS = /[hH\n!*<>[\\\]_`~]/g; // where another rule may apply; an address begins with h
// in the words of a link: what follows https://, or looks like a mail address or a domain; limited, for long texts
const NAMED = /https?:[/\\]*([^\s/\\?#]{1,253})\S*|([^\s@/]{1,64}@)?((?:[\p{L}\p{M}\p{N}_-]{1,63}[.。]){1,8}\p{L}[\p{L}\p{M}\p{N}-]{1,62})(?:[:/?#]\S*)?/giu;

const markdown = new MarkdownIt("zero", { breaks: true, maxNesting: DEEPEST }).enable(RULES);
markdown.normalizeLink = (typed) => (PICTURE.test(typed) ? typed : target(typed) ?? "");
markdown.normalizeLinkText = (typed) => typed;
markdown.validateLink = (href) => href !== "";
markdown.inline.ruler.at("text", text);

/** Plain characters, and addresses whole: `_` and `*` in them are no emphasis. */
function text(state, silent) {
  const { src, pos, posMax } = state;
  TYPED.lastIndex = pos;
  const [address] = TYPED.exec(src) ?? [];
  STOPS.lastIndex = pos + (/[hH]/.test(src[pos]) ? 1 : 0);
  let end = Math.min(STOPS.exec(src)?.index ?? posMax, posMax);
  if (address) end = Math.min(pos + withoutItsSentence(address.split("](")[0]).length, posMax);
  if (end <= pos) return false;
  if (!silent) state.pending += src.slice(pos, end);
  state.pos = end;
  return true;
}

/** A text with Markdown, as elements; as it was typed if it is nested too deeply or has too many marks. */
export function Markdown({ text, heading }) {
  return useMemo(() => rendered(text, heading), [text, heading]);
}

function rendered(text, heading) {
  const tokens = markdown.parse(text, {});
  const all = tokens.flatMap((token) => [token, ...(token.children ?? [])]);
  // the parser leaves out blocks that are nested more deeply
  if (all.length > MOST || all.some(({ level }) => level >= DEEPEST - 1)) return html`<div class="text"><${Linked} text=${text} /></div>`;
  return html`<div class="text rich">${elements(tokens, heading)}</div>`;
}

/** A list of tokens, in which an element's children are between its opening and its closing one. */
function elements(tokens, heading, inLink = false) {
  const open = [{ children: [], words: "" }];
  for (const token of tokens) {
    const isLinked = inLink || open.some((one) => one.token?.type === "link_open");
    if (token.nesting === 1) open.push({ token, children: [], words: "" });
    else if (token.nesting === -1) {
      const { token: opening, children, words } = open.pop();
      open.at(-1).children.push(element(opening, children, words, heading));
      open.at(-1).words += words;
    } else {
      open.at(-1).children.push(leaf(token, heading, isLinked));
      open.at(-1).words += token.type.endsWith("break") ? " " : token.content;
    }
  }
  return open[0].children;
}

function element(token, children, words, heading) {
  const kind = token.type.replace(/_open$/, "");
  if (token.hidden) return children; // the paragraph of an item in a list without blank lines
  if (kind === "link") return linked(token.attrGet("href"), children, words);
  if (kind === "heading") return html`<${heading}>${children}<//>`;
  if (kind === "ordered_list") return html`<ol start=${token.attrGet("start")}>${children}</ol>`;
  return html`<${ELEMENTS[kind]}>${children}<//>`;
}

function leaf(token, heading, inLink) {
  switch (token.type) {
    case "inline":
      return elements(token.children, heading, inLink);
    case "code_inline":
      return html`<code>${token.content}</code>`;
    case "fence":
      return html`<pre><code>${token.content}</code></pre>`;
    case "hardbreak":
    case "softbreak":
      return html`<br />`;
    case "hr":
      return html`<hr />`;
    case "image": // of another site: a link to it, since that site would learn who reads
      if (PICTURE.test(token.attrGet("src"))) return shown(token);
      return inLink ? token.content : linked(token.attrGet("src"), token.content || token.attrGet("src"), token.content);
    default:
      return inLink ? token.content : html`<${Linked} text=${token.content} />`;
  }
}

const shown = (token) => html`<img class="picture" src=${token.attrGet("src")} alt=${token.content} loading="lazy" decoding="async" />`;

/** The address is also shown on hover. If the words have the address of another place, the link's own one follows them. */
function linked(href, children, words) {
  if (!href || PICTURE.test(href)) return children;
  const { protocol, hostname, pathname } = new URL(href);
  const place = protocol === "mailto:" ? pathname : hostname;
  const link = html`<${Link} href=${href} title=${href}>${children}<//>`;
  return named(words).every((name) => bare(name) === bare(place)) ? link : [link, ` (${place})`];
}

/** The hosts and mail addresses in the words of a link, hosts as browsers read them. */
function named(words) {
  const seen = words.normalize("NFKC").replace(/\p{Cf}/gu, "");
  return Array.from(seen.matchAll(NAMED), ([, typed, user = "", host]) => user + (hostOf(typed ?? host) ?? typed ?? host));
}

const hostOf = (typed) => (!typed.includes("@") && URL.canParse(`https://${typed}`) ? new URL(`https://${typed}`).hostname : null);
const bare = (name) => name.toLowerCase().replace(/^www\./, "");
