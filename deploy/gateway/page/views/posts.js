// file: only with posts
// Lists of posts: the latest, those of a person or a tag, search results.
import { put, remove } from "../api.js";
import { html, useState } from "../dom.js";
import { Icon } from "../icons.js";
import { usePages } from "../data.js";
import { useMe } from "../me.js";
import { say } from "../messages.js";
import { go, link } from "../router.js";
import { excerpt } from "../text.js";
import { Author, Avatar, count, counted, Empty, Tags, Time } from "../ui.js";
import { Listed } from "./lists.js";

const EXCERPT = 400; // characters; three lines are visible

/** `path` and `query` select the posts; the children are shown if there are none. */
export function Posts({ path, query = {}, label, children }) {
  const one = (post) => html`<${Card} key=${post.id} post=${post} />`;
  return html`<${Listed} pages=${usePages(path, query)} line=${one} as="ol" tall class="posts" aria-label=${label}>${children}<//>`;
}

/** A link to a list's Atom feed, for feed readers. */
export const Feed = ({ path }) => html`<p class="center"><a href=${path} rel="alternate" type="application/atom+xml">Feed</a></p>`;

/** What a person has published, on their profile. */
export function PostsOf({ person }) {
  if (person.blocked) {
    return html`<${Empty} title="You blocked this person">
      Their posts and comments are hidden from you, except comments below what you write.<//>`;
  }
  return html`
    <${Posts} path="/posts" query=${{ author_id: person.id }} label="Posts of ${person.name}">
      <${Empty} title="No posts yet">${person.name} has not published anything so far.<//><//>
    <${Feed} path="/posts/feeds/people/${person.id}.atom" />`;
}

function Card({ post }) {
  const isDraft = post.status === "draft";
  const place = link(isDraft ? `/post/${post.id}/edit` : `/post/${post.id}`);
  return html`<li class="card post">
    <p class="byline">
      <${Avatar} person=${post.author} />
      <span><${Author} author=${post.author} /> <span class="quiet"><${Time} at=${post.published_at ?? post.updated_at} /></span></span>
      ${isDraft && html`<span class="badge">Draft</span>`}
    </p>
    <h2><a href=${place}>${post.title}</a></h2>
    <p class="excerpt">${excerpt(post.body, EXCERPT)}</p>
    <div class="foot">
      <${Tags} tags=${post.tags} />
      ${!isDraft && html`<span class="row">
        <${Like} post=${post} />
        <a class="action" href=${place} aria-label=${counted(post.comments_count, "comment")}>
          <${Icon} name="comment" /> ${count(post.comments_count)}</a>
      </span>`}
    </div>
  </li>`;
}

/** The like button: shows the change at once, and reverts it if the server refuses. */
export function Like({ post }) {
  const { signedIn } = useMe();
  const [wish, setWish] = useState(null);
  const liked = wish ?? post.liked ?? false;
  const likes = post.likes_count + liked - (post.liked ?? false);

  async function toggle() {
    if (!signedIn) return go("/sign-in", { next: `/post/${post.id}` });
    setWish(!liked);
    try {
      await (liked ? remove : put)(`/posts/${post.id}/like`);
    } catch (problem) {
      setWish(liked);
      say(problem.message);
    }
  }

  return html`<button class="action like" type="button" aria-pressed=${liked} onClick=${toggle}
    aria-label="Like, ${counted(likes, "like")}"><${Icon} name="heart" /> ${count(likes)}</button>`;
}
