// A safe subset of Markdown as elements. No HTML, no images, and no headings beside those of the page.
import { html } from "./dom.js";
import { ADDRESS, Link, Linked, target, withoutItsSentence } from "./text.js";
import MarkdownIt from "./vendor/markdown-it.js";

const DEEPEST = 20; // elements in each other
const MOST = 20_000; // tokens
const RULES = ["autolink", "backticks", "blockquote", "emphasis", "escape", "fence", "heading", "hr", "image", "link", "list",
  "newline", "strikethrough"];
const ELEMENTS = { blockquote: "blockquote", bullet_list: "ul", em: "em", list_item: "li", paragraph: "p", s: "s", strong: "strong" };
const TYPED = new RegExp(ADDRESS.source.replace(/\+$/, "{1,2000}"), "iuy");
const STOPS = /[hH\n!*<>[\\\]_`~]/g; // where another rule may apply; an address begins with h

const markdown = new MarkdownIt("zero", { breaks: true, maxNesting: DEEPEST }).enable(RULES);
markdown.normalizeLink = (typed) => target(typed) ?? "";
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
  const tokens = markdown.parse(text, {});
  const all = tokens.flatMap((token) => [token, ...(token.children ?? [])]);
  // the parser leaves out blocks that are nested more deeply
  if (all.length > MOST || all.some(({ level }) => level >= DEEPEST - 1)) return html`<div class="text"><${Linked} text=${text} /></div>`;
  return html`<div class="text rich">${elements(tokens, heading)}</div>`;
}

/** A list of tokens, in which an element's children are between its opening and its closing one. */
function elements(tokens, heading, inLink = false) {
  const open = [{ children: [] }];
  for (const token of tokens) {
    const isLinked = inLink || open.some((one) => one.token?.type === "link_open");
    if (token.nesting === 1) open.push({ token, children: [] });
    else if (token.nesting === -1) {
      const { token: opening, children } = open.pop();
      open.at(-1).children.push(element(opening, children, heading));
    } else open.at(-1).children.push(leaf(token, heading, isLinked));
  }
  return open[0].children;
}

function element(token, children, heading) {
  const kind = token.type.replace(/_open$/, "");
  if (token.hidden) return children; // the paragraph of an item in a list without blank lines
  if (kind === "link") return linked(token.attrGet("href"), children);
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
    case "image": // a link to it: nobody's browser loads it from elsewhere
      return inLink ? token.content : linked(token.attrGet("src"), token.content || token.attrGet("src"));
    default:
      return inLink ? token.content : html`<${Linked} text=${token.content} />`;
  }
}

/** The address is also shown on hover: the words may be those of another one. */
const linked = (href, children) => (href ? html`<${Link} href=${href} title=${href}>${children}<//>` : children);
