// file: only with posts
// The comments below a post, oldest first.
import { get, patch, post as create, remove } from "../api.js";
import { html, useEffect, useState } from "../dom.js";
import { Draft } from "../drafts.js";
import { Field, Form, Submit } from "../form.js";
import { usePages } from "../data.js";
import { moderates, useMe } from "../me.js";
import { say } from "../messages.js";
import { link } from "../router.js";
import { MARKDOWN, Written } from "../text.js";
import { Author, Avatar, Confirm, Pending, ProblemNotice, Skeleton, Time } from "../ui.js";
import { Changed } from "./changed.js";
import { More } from "./lists.js";
import { Report } from "./reports.js";

const LONGEST = 5000;

export function Comments({ post }) {
  const { signedIn, profile, problem: unknown, reload } = useMe();
  const path = `/posts/${post.id}/comments`;
  const { items, problem, hasMore, busy, more, change } = usePages(path);
  const [written, setWritten] = useState([]); // the user's new comments
  const later = written.filter(({ id }) => !items?.some((one) => one.id === id)); // until their page is loaded
  const changeAll = (how) => (change(how), setWritten(how));
  const replaceOne = (changed) => changeAll((all) => all.map((one) => (one.id === changed.id ? changed : one)));
  const drop = (gone) => changeAll((all) => all.filter((one) => one.id !== gone.id));
  const list = (some) => html`<ol>${some.map((one) => html`<${Comment} key=${one.id} comment=${one} post=${post} path="${path}/${one.id}"
    onChange=${replaceOne} onGone=${drop} />`)}</ol>`;
  const next = link("/sign-in", { next: `/post/${post.id}` });
  return html`<section class="comments" aria-labelledby="comments">
    <h2 id="comments">Comments</h2>
    ${!items && !problem && html`<${Skeleton} rows=${2} />`}
    ${items && !items.length && !later.length && html`<p class="quiet">No comments yet.</p>`}
    ${items?.length > 0 && list(items)}
    ${problem && html`<${ProblemNotice} problem=${problem} retry=${more} />`}
    <${More} hasMore=${hasMore && !problem} busy=${busy} more=${more} />
    ${later.length > 0 && list(later)}
    ${signedIn && !profile && html`<${Pending} problem=${unknown} retry=${reload} rows=${1} />`}
    ${signedIn && profile && html`<${NewComment} path=${path} onNew=${(one) => setWritten((all) => [...all, one])} />`}
    ${!signedIn && html`<p class="card center"><a href=${next}>Sign in</a> to join the conversation.</p>`}
  </section>`;
}

function NewComment({ path, onNew }) {
  const draft = new Draft(useMe().profile.id, path);
  const [written, setWritten] = useState(0);
  async function send({ body }) {
    const { data } = await create(path, { body }, draft.idempotencyKey);
    draft.drop();
    onNew(data);
    setWritten(written + 1); // empties the field
    say("Your comment is published.");
  }
  return html`<${Form} key=${written} send=${send} draft=${draft} label="New comment" class="card">
    <${Field} long label="Add a comment" name="body" required maxlength=${LONGEST} rows="3" hint=${MARKDOWN} />
    <div class="row end"><${Submit}>Comment<//></div>
  <//>`;
}

function Comment({ comment, post, path, onChange, onGone }) {
  const { profile, account } = useMe();
  const [mode, setMode] = useState("read");
  const mine = profile && comment.author?.id === profile.id;
  const mayDelete = profile && (mine || moderates(account) || post.author?.id === profile.id);
  const read = () => setMode("read");

  async function drop() {
    try {
      await remove(path);
      onGone(comment);
      say("The comment is deleted.");
    } catch (problem) {
      read();
      say(problem.message);
    }
  }

  return html`<li class="comment">
    <${Avatar} person=${comment.author} />
    <div class="grow">
      <p><${Author} author=${comment.author} /> <span class="quiet"><${Time} at=${comment.created_at} />
        ${comment.updated_at !== comment.created_at && " · edited"}</span></p>
      ${mode === "edit"
        ? html`<${Edit} path=${path} onDone=${(changed) => (onChange(changed), read())} onCancel=${read} />`
        : html`<${Written} text=${comment.body} heading="h3" />`}
      ${mode !== "edit" && profile && html`<p class="row small">
        ${mine && html`<button class="plain" type="button" onClick=${() => setMode("edit")}>Edit</button>`}
        ${mayDelete && html`<button class="plain" type="button" onClick=${() => setMode("delete")}>Delete</button>`}
        ${!mine && html`<${Report} path=${path} what="comment" class="plain" />`}
      </p>`}
      ${mode === "delete" && html`<${Confirm} title="Delete this comment?" action="Delete" onYes=${drop} onNo=${read}>
        This cannot be undone.<//>`}
    </div>
  </li>`;
}

/** Lists have no ETags, so the comment is read again: its latest text, and the ETag for the change. */
function Edit({ path, onDone, onCancel }) {
  const [current, setCurrent] = useState(null);
  const [problem, setProblem] = useState(null);
  const load = () => get(path).then(setCurrent, setProblem);
  useEffect(() => void load(), [path]);
  if (problem) return html`<${ProblemNotice} problem=${problem} retry=${onCancel} />`;
  if (!current) return html`<${Skeleton} rows=${1} />`;

  async function send({ body }) {
    const { data } = await patch(path, { body }, current.etag);
    onDone(data);
    say("The comment is changed.");
  }

  return html`<${Form} key=${current.etag} send=${send} label="Edit comment"
      explain=${(refusal) => refusal.status === 412 && html`<${Changed} onLoad=${load} />`}>
    <${Field} long label="Comment" name="body" value=${current.data.body} required maxlength=${LONGEST} rows="3" autofocus />
    <div class="row end"><button class="button" type="button" onClick=${onCancel}>Cancel</button><${Submit}>Save<//></div>
  <//>`;
}
