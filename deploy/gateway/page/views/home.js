// file: only with posts
// The front page and related routes: the latest posts, the feed, tags.
import { html } from "../dom.js";
import { usePages } from "../data.js";
import { useMe } from "../me.js";
import { link } from "../router.js";
import { count, counted, Empty, ProblemNotice, Skeleton } from "../ui.js";
import { More, Tabs } from "./lists.js";
import { Feed, Posts } from "./posts.js";

function Orders({ current }) {
  const { signedIn } = useMe();
  const tabs = [["Latest", link("/")], ...(signedIn ? [["Following", link("/following")]] : []), ["Most liked", link("/top")]];
  return html`<${Tabs} tabs=${tabs} current=${link(current)} label="Posts" />`;
}

export function LatestPage() {
  const { signedIn } = useMe();
  return html`<h1 class="hidden">Latest posts</h1><${Orders} current="/" />
    <${Posts} path="/posts" label="Latest posts"><${Empty} title="A clean page">
      Nobody has written anything yet. <a href=${link(signedIn ? "/write" : "/sign-up")}>Be the first</a>.
    <//><//>
    <${Feed} path="/posts/feeds/latest.atom" />`;
}

export function TopPage() {
  return html`<h1 class="hidden">Most liked posts</h1><${Orders} current="/top" />
    <${Posts} path="/posts" query=${{ sort: "top" }} label="Most liked posts"><${Empty} title="Nothing to like yet">
      Come back when something has been written.
    <//><//>`;
}

export function FollowingPage() {
  return html`<h1 class="hidden">Posts of people you follow</h1><${Orders} current="/following" />
    <${Posts} path="/posts/feed" label="Posts of people you follow"><${Empty} title="Your own front page">
      Posts of people you follow appear here. Start with somebody from the <a href=${link("/")}>latest posts</a>, or look
      for <a href=${link("/search", { in: "people" })}>a name</a>.
    <//><//>`;
}

export function TagPage({ name, query }) {
  const place = `/tags/${encodeURIComponent(name)}`;
  const tabs = [["Latest", link(place)], ["Most liked", link(place, { sort: "top" })]];
  return html`<h1>#${name}</h1>
    <${Tabs} tabs=${tabs} current=${link(place, { sort: query.sort })} label="Order" />
    <${Posts} path="/posts" query=${{ tag: name, sort: query.sort }} label="Posts with this tag">
      <${Empty} title="Nothing with this tag"><a href=${link("/tags")}>See the tags that are in use</a>.<//><//>
    <${Feed} path="/posts/feeds/tags/${encodeURIComponent(name)}.atom" />`;
}

export function TagsPage() {
  const { items, problem, hasMore, busy, more } = usePages("/posts/tags", { limit: 60 });
  const one = ({ name, posts_count: posts }) => html`<li key=${name}>
    <a class="tag big" href=${link(`/tags/${encodeURIComponent(name)}`)} aria-label="${name}, ${counted(posts, "post")}">
      ${name} <span class="quiet">${count(posts)}</span></a></li>`;
  return html`<h1>Tags</h1>
    ${!items && !problem && html`<${Skeleton} rows=${2} />`}
    ${items && !items.length && html`<${Empty} title="No tags yet">Writers add them to their posts.<//>`}
    ${items && html`<ul class="tags cloud">${items.map(one)}</ul>`}
    ${problem && html`<${ProblemNotice} problem=${problem} retry=${more} />`}
    <${More} hasMore=${hasMore} busy=${busy} more=${more} />`;
}

/** Beside the lists on wide screens. */
export function PopularTags() {
  const { items } = usePages("/posts/tags", { limit: 12 });
  const one = ({ name }) => html`<li key=${name}><a class="tag" href=${link(`/tags/${encodeURIComponent(name)}`)}>${name}</a></li>`;
  return items?.length > 0 && html`<section class="card"><h2>Popular tags</h2><ul class="tags">${items.map(one)}</ul>
    <p><a href=${link("/tags")}>All tags</a></p></section>`;
}
