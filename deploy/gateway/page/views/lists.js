// Lists with all their states, and tabs, whatever the items are.
import { html } from "../dom.js";
import { ProblemNotice, Skeleton } from "../ui.js";

/** Links that look like tabs: each is a separate route. @param {{tabs: [string, string][], current: string}} props */
export function Tabs({ tabs, current, label }) {
  const one = ([text, href]) => html`<li key=${href}><a href=${href} aria-current=${href === current ? "page" : null}>${text}</a></li>`;
  return html`<nav class="tabs" aria-label=${label}><ul>${tabs.map(one)}</ul></nav>`;
}

/**
 * A list with all its states. The children are shown if there are none; further properties are the list element's.
 * @param {object} props
 * @param {ReturnType<typeof import("../data.js").usePages>} props.pages
 * @param {(item: object) => any} props.line renders an item
 * @param {string} [props.as] the list's element
 */
export function Listed({ pages, line, as = "ul", rows = 4, tall = false, children, ...rest }) {
  const { items, problem, hasMore, busy, more } = pages;
  return html`
    ${!items && !problem && html`<${Skeleton} rows=${rows} tall=${tall} />`}
    ${items?.length === 0 && children}
    ${items?.length > 0 && html`<${as} ...${rest}>${items.map((item) => line(item))}<//>`}
    ${problem && html`<${ProblemNotice} problem=${problem} retry=${more} />`}
    <${More} hasMore=${hasMore && !problem} busy=${busy} more=${more} />`;
}

export function More({ hasMore, busy, more }) {
  if (!hasMore) return null;
  return html`<p class="center"><button class="button" type="button" disabled=${busy} onClick=${more}>
    ${busy ? "Loading…" : "Show more"}</button></p>`;
}
