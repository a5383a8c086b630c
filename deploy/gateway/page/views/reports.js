// file: only with posts
// Reports of what others wrote, and what moderators have removed of one's own.
import { IdempotencyKey, post as create } from "../api.js";
import { html, useEffect, useRef, useState } from "../dom.js";
import { usePages } from "../data.js";
import { Field, Form, Submit } from "../form.js";
import { useMe } from "../me.js";
import { say } from "../messages.js";
import { link } from "../router.js";
import { local } from "../storage.js";
import { CancelOr, Dialog, Empty, Tags, Time } from "../ui.js";
import { Listed } from "./lists.js";

export const REASONS = {
  spam: "Spam or advertising",
  harassment: "Harassment",
  hate: "Hate",
  sexual: "Sexual content",
  violence: "Violence",
  illegal: "Illegal content",
  other: "Something else",
};
/** Where the id of the latest removal is that an author has seen. */
const seenBy = (profile) => `trivium.removed ${profile.id}`;

/** The button and its dialog. `path` is that of the post or comment, `what` names it. */
export function Report({ path, what, class: kind }) {
  const { profile } = useMe();
  const [asks, setAsks] = useState(false);
  const key = useRef(new IdempotencyKey());
  if (!profile) return null;

  async function send(grounds) {
    await create(`${path}/reports`, grounds, key.current);
    setAsks(false);
    say("Thank you. The moderators will look at it.");
  }

  return html`<button class=${kind} type="button" onClick=${() => setAsks(true)}>Report</button>
    ${asks && html`<${Grounds} title="Report this ${what}" action="Report" hint="Only moderators read this." send=${send} end=${() => setAsks(false)}>
      Moderators will see who reported it. The author will not.<//>`}`;
}

/** The dialog that asks for a reason, and some words. */
export function Grounds({ title, action, hint, send, end, children }) {
  const option = ([name, text]) => html`<option key=${name} value=${name}>${text}</option>`;
  return html`<${Dialog} title=${title} onEnd=${end}>
    <p>${children}</p>
    <${Form} send=${send} label=${title}>
      <div class="field"><label for="grounds-reason">Reason</label>
        <select id="grounds-reason" name="reason" required><option value="">Choose one</option>${Object.entries(REASONS).map(option)}</select></div>
      <${Field} long label="Note" hint=${hint} name="note" maxlength="1000" rows="3" />
      <${CancelOr}><${Submit}>${action}<//><//>
    <//>
  <//>`;
}

/** Shown until the author has looked at the latest removal. */
export function RemovedNotice() {
  const { profile } = useMe();
  return profile && html`<${Notice} key=${profile.id} profile=${profile} />`;
}

function Notice({ profile }) {
  const { items } = usePages("/posts/removed", { limit: 1 });
  if (!items?.length || items[0].id <= Number(local.getItem(seenBy(profile)) ?? 0)) return null;
  return html`<div class="notice" role="region" aria-label="Removed">
    <p>A moderator removed something that you wrote. <a href=${link("/removed")}>Read why</a></p></div>`;
}

export function RemovedPage() {
  const { profile } = useMe();
  const pages = usePages("/posts/removed");
  const latest = pages.items?.[0]?.id;
  useEffect(() => {
    if (profile && latest) local.setItem(seenBy(profile), String(latest));
  }, [profile, latest]);
  const one = (removed) => html`<${Removed} key=${removed.id} removed=${removed} />`;
  return html`<h1>Removed by moderators</h1>
    <p class="quiet">You find copies here for 90 days. Nobody else but moderators can read them.</p>
    <${Listed} pages=${pages} line=${one} as="ol" rows=${2} tall class="posts" aria-label="Removed">
      <${Empty} title="Nothing was removed">All that you wrote is still there.<//><//>`;
}

/** A copy of what was removed; `children` is shown above it. */
export function Removed({ removed, children }) {
  const { title, body, tags, reason, note } = removed;
  const isPost = removed.comment_id === null;
  return html`<li class="card post">
    ${children}
    <p class="row"><span class="badge">${REASONS[reason] ?? reason}</span>
      <span class="quiet">${isPost ? "Post" : "Comment"}, removed <${Time} at=${removed.removed_at} /></span></p>
    ${note && html`<p>The moderator says: ${note}</p>`}
    ${isPost && html`<h2>${title}</h2>`}
    <div class="text">${body}</div>
    <${Tags} tags=${tags} />
  </li>`;
}
