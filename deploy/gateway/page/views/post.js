// file: only with posts
// One post with its likes and comments.
import { remove } from "../api.js";
import { html, useState } from "../dom.js";
import { useThing } from "../data.js";
import { moderates, useMe } from "../me.js";
import { say } from "../messages.js";
import { link, replace } from "../router.js";
import { Written } from "../text.js";
import { Author, Avatar, Confirm, Empty, ProblemNotice, Skeleton, Tags, Time } from "../ui.js";
import { Comments } from "./comments.js";
import { Like } from "./posts.js";
import { Report } from "./reports.js";

export function PostPage({ id }) {
  const { profile } = useMe();
  const { data: post, problem, reload } = useThing(`/posts/${id}`);
  if (problem?.status === 404) {
    return html`<h1>No such post</h1><${Empty} title="It is not here">
      It may have been deleted. <a href=${link("/")}>Read the latest posts</a>.<//>`;
  }
  if (problem) return html`<h1>Post</h1><${ProblemNotice} problem=${problem} retry=${reload} />`;
  if (!post) return html`<h1 class="hidden">Post</h1><${Skeleton} rows=${1} tall /><${Skeleton} rows=${2} />`;
  return html`<article class="reading">
      <p class="byline">
        <${Avatar} person=${post.author} />
        <span><${Author} author=${post.author} /> <span class="quiet">
          ${post.published_at ? html`<${Time} at=${post.published_at} />` : "Draft"}${edited(post) && " · edited"}</span></span>
      </p>
      <h1>${post.title}</h1>
      <${Written} text=${post.body} />
      <div class="foot">
        <${Tags} tags=${post.tags} />
        <span class="row">
          ${post.status === "published" && html`<${Like} key=${post.liked} post=${post} />`}
          <${Owner} post=${post} />
          ${post.status === "published" && profile?.id !== post.author?.id && html`<${Report} path="/posts/${post.id}" what="post" class="button small" />`}
        </span>
      </div>
    </article>
    ${post.status === "published" && html`<${Comments} post=${post} />`}`;
}

/** Whether it was changed after publication, which itself takes a moment. */
const edited = ({ published_at: published, updated_at: updated }) => published && new Date(updated) - new Date(published) > 1000;

/** Actions of the author; moderators may delete. */
function Owner({ post }) {
  const { profile, account } = useMe();
  const [asks, setAsks] = useState(false);
  const mine = profile && post.author?.id === profile.id;
  if (!mine && !moderates(account)) return null;

  async function drop() {
    try {
      await remove(`/posts/${post.id}`);
      say("The post is deleted.");
      replace(mine ? `/people/${profile.id}` : "/");
    } catch (problem) {
      setAsks(false);
      say(problem.message);
    }
  }

  return html`
    ${mine && html`<a class="button small" href=${link(`/post/${post.id}/edit`)}>Edit</a>`}
    <button class="button small" type="button" onClick=${() => setAsks(true)}>Delete</button>
    ${asks && html`<${Confirm} title="Delete this post?" action="Delete" onYes=${drop} onNo=${() => setAsks(false)}>
      Its comments and likes go with it. This cannot be undone.<//>`}`;
}
