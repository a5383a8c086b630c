// Search for posts by words, and for people by name.
import { html } from "../dom.js";
import { SearchBox } from "../frame.js";
import { link } from "../router.js";
import { Empty } from "../ui.js";
import { Tabs } from "./home.js";
import { People } from "./people.js";
import { Posts } from "./posts.js";

export function SearchPage({ query }) {
  const { q = "", in: among = "posts" } = query;
  const tabs = [["Posts", link("/search", { q })], ["People", link("/search", { q, in: "people" })]];
  const current = tabs[among === "people" ? 1 : 0][1];
  const nothing = html`<${Empty} title="Nothing found">No ${among} match “${q}”. Try fewer or other words.<//>`;
  let found = html`<${Empty} title="What are you looking for?">
    Words in titles and posts, "exact phrases", <code>-without</code> a word; or people by their names.<//>`;
  if (q && among === "people") found = html`<${People} path="/users" query=${{ q }} label="People found">${nothing}<//>`;
  else if (q) found = html`<${Posts} path="/posts" query=${{ q }} label="Posts found">${nothing}<//>`;
  return html`<h1 class=${q ? "" : "hidden"}>${q ? `Results for “${q}”` : "Search"}</h1>
    <${SearchBox} words=${q} among=${among} id="search-here" />
    <${Tabs} tabs=${tabs} current=${current} label="Search among" />
    ${found}`;
}
