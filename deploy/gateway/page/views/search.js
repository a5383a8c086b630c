// Search, also for people by name.
import { html } from "../dom.js";
import { SearchBox, SEARCHED } from "../frame.js";
import { useMe } from "../me.js";
import { link } from "../router.js";
import { Empty } from "../ui.js";
import { Tabs } from "./lists.js";
import { People } from "./people.js";
import { Posts } from "./posts.js"; // only with posts

const KINDS = {
  posts: { text: "Posts", list: Posts, path: "/posts", before: PostsHint }, // only with posts
  people: { text: "People", list: People, path: "/users", before: Followed },
};

export function SearchPage({ query }) {
  const { q = "", in: asked } = query;
  const among = SEARCHED.includes(asked) ? asked : SEARCHED[0];
  const tabs = SEARCHED.map((one) => [KINDS[one].text, link("/search", { q, in: one })]);
  const { list, path, before } = KINDS[among];
  const found = q
    ? html`<${list} path=${path} query=${{ q }} label="${KINDS[among].text} found">
        <${Empty} title="Nothing found">No ${among} match “${q}”. Try fewer or other words.<//><//>`
    : html`<${before} />`;
  return html`<h1 class=${q ? "" : "hidden"}>${q ? `Results for “${q}”` : "Search"}</h1>
    <${SearchBox} words=${q} among=${among} id="search-here" />
    ${tabs.length > 1 && html`<${Tabs} tabs=${tabs} current=${link("/search", { q, in: among })} label="Search among" />`}
    ${found}`;
}

// begin: only with posts
function PostsHint() {
  return html`<${Empty} title="What are you looking for?">
    Words in titles and posts, "exact phrases", <code>-without</code> a word; or people by their names.<//>`;
}

// end: only with posts
/** The people whom the user follows. */
function Followed() {
  const { profile } = useMe();
  const hint = html`<${Empty} title="Whom are you looking for?">Search for people by their names.<//>`;
  return profile ? html`<${People} path="/users/${profile.id}/following" label="People you follow">${hint}<//>` : hint;
}
