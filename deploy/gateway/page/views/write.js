// file: only with posts
// The editor: a new post, a draft, a change of a published post.
import { patch, post as create } from "../api.js";
import { html, useRef, useState } from "../dom.js";
import { Draft } from "../drafts.js";
import { Field, Form, Submit, useFirst } from "../form.js";
import { useThing } from "../data.js";
import { useMe } from "../me.js";
import { say } from "../messages.js";
import { PictureField } from "../pictures.js";
import { go, link } from "../router.js";
import { MARKDOWN, Written } from "../text.js";
import { CancelOr, Dialog, Empty, Pending, ProblemNotice } from "../ui.js";
import { Changed } from "./changed.js";
import { Posts } from "./posts.js";

/** "Astronomy, #clear nights" as tags in the server's spelling: one word each, folded, without duplicates. */
function tagsOf(text) {
  const words = text.split(/[\s,]+/).map((word) => word.replace(/^#+/, "").normalize("NFKC").toLowerCase());
  return [...new Set(words.filter(Boolean))];
}

export function WritePage() {
  const me = useMe();
  if (!me.profile) return html`<h1>Write</h1><${Pending} problem=${me.problem} retry=${me.reload} rows=${2} tall />`;
  const draft = new Draft(me.profile.id, "/write");
  async function send({ title, body, tags, status }) {
    const { data } = await create("/posts", { title, body, tags: tagsOf(tags), status }, draft.idempotencyKey);
    draft.drop();
    finish(data);
  }
  return html`<h1>Write</h1><${Editor} send=${send} draft=${draft} />`;
}

export function EditPage({ id }) {
  const me = useMe();
  const { data: post, etag, problem, reload } = useThing(`/posts/${id}`);
  const [loads, setLoads] = useState(0); // a new editor for each newer version
  if (problem) return html`<h1>Edit</h1><${ProblemNotice} problem=${problem} retry=${reload} />`;
  if (!post || !me.profile) return html`<h1>Edit</h1><${Pending} problem=${me.problem} retry=${me.reload} rows=${2} tall />`;
  if (post.author?.id !== me.profile.id) {
    return html`<h1>Edit</h1><${Empty} title="This is somebody else's">
      Only its author may change it. <a href=${link(`/post/${id}`)}>Read it</a>.<//>`;
  }

  const draft = new Draft(me.profile.id, `/posts/${id}/edit`, etag);
  async function send({ title, body, tags, status }) {
    const change = { title, body, tags: tagsOf(tags) };
    if (status !== post.status) change.status = status;
    const { data } = await patch(`/posts/${id}`, change, draft.base);
    draft.drop();
    finish(data);
  }
  async function loadNewer() {
    if (!(await reload())) return;
    draft.drop();
    setLoads(loads + 1);
  }

  return html`<h1>${post.status === "draft" ? "Draft" : "Edit"}</h1>
    <${Editor} key=${`${etag} ${loads}`} post=${post} send=${send} draft=${draft}
      explain=${(refusal) => refusal.status === 412 && html`<${Changed} onLoad=${loadNewer} />`} />`;
}

function finish(post) {
  const isDraft = post.status === "draft";
  say(isDraft ? "The draft is saved. Only you can see it." : "Your post is published.");
  go(isDraft ? "/drafts" : `/post/${post.id}`);
}

function Editor({ post = { title: "", body: "", tags: [], status: "draft" }, send, draft, explain }) {
  const isDraft = post.status === "draft";
  return html`<${Form} send=${send} draft=${draft} explain=${explain} label="Post" class="editor">
    <${Field} label="Title" name="title" value=${post.title} required maxlength="200" autocomplete="off" />
    <${TextField} value=${post.body} />
    <${TagField} value=${post.tags.join(" ")} />
    <div class="row end">
      ${isDraft && html`<${Submit} quiet name="status" value="draft">Save draft<//>`}
      <${Submit} name="status" value="published">${isDraft ? "Publish" : "Save"}<//>
    </div>
  <//>`;
}

/** The text, and its preview below it. */
function TextField({ value }) {
  const [text, setText] = useState(useFirst("body", value));
  const [isShown, setShown] = useState(false);
  return html`<${Field} long label="Text" name="body" value=${value} required maxlength="50000" rows="12" hint=${MARKDOWN}
      onInput=${(event) => setText(event.target.value)} />
    <${AddPicture} />
    <div><button class="button small" type="button" aria-pressed=${isShown} onClick=${() => setShown(!isShown)}>Preview</button></div>
    ${isShown && html`<section class="card preview" aria-label="Preview"><${Written} text=${text} /></section>`}`;
}

/** Uploads a picture, asks for its description, and inserts it into the text. */
function AddPicture() {
  const [picture, setPicture] = useState(null);
  const place = useRef(null);
  function insert() {
    const words = place.current.querySelector("dialog input");
    if (!words.reportValidity()) return;
    const { body } = place.current.closest("form").elements;
    const before = body.selectionStart && body.value[body.selectionStart - 1] !== "\n" ? "\n\n" : "";
    const written = `${before}![${words.value.replace(/[[\]\\]/g, "")}](${picture.url})\n\n`;
    body.setRangeText(written, body.selectionStart, body.selectionEnd, "end");
    body.dispatchEvent(new Event("input", { bubbles: true })); // for the preview and the draft
    setPicture(null);
    body.focus();
  }
  return html`<div ref=${place}><${PictureField} label="Add a picture" service="posts" onPicture=${setPicture} />
    ${picture && html`<${Dialog} title="Add this picture" onEnd=${() => setPicture(null)}>
      <img class="picture" src=${picture.small_url} alt="" />
      <${Field} label="Description, for people who cannot see it" name="" required maxlength="200" autocomplete="off"
        onKeyDown=${(event) => event.key === "Enter" && (event.preventDefault(), insert())} />
      <${CancelOr}><button class="button primary" type="button" onClick=${insert}>Add</button><//><//>`}</div>`;
}

function TagField({ value }) {
  const [tags, setTags] = useState(useFirst("tags", value));
  const shown = tagsOf(tags).map((tag) => html`<li key=${tag} class="tag">${tag}</li>`);
  return html`<${Field} label="Tags" name="tags" value=${value} autocomplete="off" autocapitalize="none"
      hint="Up to 10 words, with spaces between them." onInput=${(event) => setTags(event.target.value)} />
    <ul class="tags preview" aria-label="Tags as they will be" aria-live="polite">${shown}</ul>`;
}

export function DraftsPage() {
  return html`<h1>Drafts</h1><${Posts} path="/posts/drafts" label="Drafts"><${Empty} title="No drafts">
    What you save without publishing waits here for you alone. <a href=${link("/write")}>Write something</a>.<//><//>`;
}
