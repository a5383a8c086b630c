// file: only with posts
// Moderators decide about reported posts and comments.
import { post as send } from "../api.js";
import { html, useState } from "../dom.js";
import { usePages } from "../data.js";
import { moderates, useMe } from "../me.js";
import { say } from "../messages.js";
import { link } from "../router.js";
import { Author, Avatar, counted, Empty, Pending, Time } from "../ui.js";
import { Listed, Tabs } from "./lists.js";
import { Grounds, REASONS, Removed } from "./reports.js";

const PARTS = { open: "Open", dismissed: "Dismissed", removed: "Removed" };

export function ModerationPage({ part: asked }) {
  const part = Object.hasOwn(PARTS, asked) ? asked : "open";
  const { account, problem, reload } = useMe();
  if (!account) return html`<h1>Moderation</h1><${Pending} problem=${problem} retry=${reload} rows=${2} tall />`;
  if (!moderates(account)) return html`<h1>Moderation</h1><${Empty} title="Not for you">This is for moderators.<//>`;
  const place = (name) => link(name === "open" ? "/moderation" : `/moderation/${name}`);
  const tabs = Object.entries(PARTS).map(([name, text]) => [text, place(name)]);
  return html`<h1>Moderation</h1><${Tabs} tabs=${tabs} current=${place(part)} label="Moderation" />
    ${part === "removed" ? html`<${Removals} />` : html`<${Cases} key=${part} status=${part} />`}`;
}

function Cases({ status }) {
  const pages = usePages("/posts/moderation/cases", { status });
  const drop = (gone) => pages.change((all) => all.filter(({ id }) => id !== gone.id));
  const one = (reported) => html`<${Case} key=${reported.id} reported=${reported} onGone=${drop} />`;
  return html`<${Listed} pages=${pages} line=${one} as="ol" rows=${2} tall class="posts" aria-label="${PARTS[status]} cases">
    <${Empty} title="Nothing here">${status === "open" ? "No report waits for a decision." : "Dismissed reports are kept for 90 days."}<//><//>`;
}

function Case({ reported, onGone }) {
  const { profile } = useMe();
  const [mode, setMode] = useState("");
  const isOwn = reported.author?.id === profile?.id;
  const tag = ([reason, number]) => html`<li key=${reason}><span class="badge">${REASONS[reason] ?? reason} ${number}</span></li>`;

  async function decide(path, body, done) {
    try {
      await send(path, body);
      say(done);
    } catch (problem) {
      if (problem.code !== "case-not-found" && problem.code !== "case-decided") throw problem;
      say(problem.message); // somebody was quicker
    }
    onGone(reported);
  }
  const remove = (grounds) => decide(`/posts/moderation/cases/${reported.id}/remove`, grounds, "It is removed, and its author is told.");
  const dismiss = () => decide(`/posts/moderation/cases/${reported.id}/dismiss`, undefined, "The reports are dismissed.")
    .catch((problem) => say(problem.message));

  return html`<li class="card post">
    <p class="byline"><${Avatar} person=${reported.author} />
      <span><${Author} author=${reported.author} /> <span class="quiet">reported <${Time} at=${reported.opened_at} />, last <${Time} at=${reported.latest_at} /></span></span>
      <span class="badge">${reported.comment_id === null ? "Post" : "Comment"}</span></p>
    <h2><a href=${link(`/post/${reported.post_id}`)}>${reported.title}</a></h2>
    <div class="text">${reported.excerpt}</div>
    <ul class="tags" aria-label="Reasons">${Object.entries(reported.reasons).map(tag)}</ul>
    <p class="row">
      ${isOwn ? counted(reported.reports_count, "report") : html`<button class="button small" type="button"
        aria-expanded=${mode === "reports"} onClick=${() => setMode(mode === "reports" ? "" : "reports")}>
        ${counted(reported.reports_count, "report")}</button>`}
      ${reported.status === "open" && !isOwn && html`<button class="button small" type="button" onClick=${dismiss}>Dismiss</button>
        <button class="button small danger" type="button" onClick=${() => setMode("remove")}>Remove</button>`}
    </p>
    ${mode === "reports" && html`<${Reports} path=${`/posts/moderation/cases/${reported.id}/reports`} />`}
    ${mode === "remove" && html`<${Grounds} title="Remove this ${reported.comment_id === null ? "post" : "comment"}" action="Remove"
      hint="The author reads this." send=${remove} end=${() => setMode("")}>
      Its author is told the reason, and keeps a copy for 90 days. This cannot be undone.<//>`}
  </li>`;
}

function Reports({ path }) {
  const one = (report) => html`<li key=${report.id}><p><a href=${link(`/people/${report.reporter_id}`)}>Person ${report.reporter_id}</a>
    <span class="quiet"> ${REASONS[report.reason] ?? report.reason}, <${Time} at=${report.created_at} /></span></p>
    ${report.note && html`<div class="text">${report.note}</div>`}</li>`;
  return html`<${Listed} pages=${usePages(path)} line=${one} rows=${1} class="reports" aria-label="Reports" />`;
}

function Removals() {
  const one = (removed) => html`<${Removed} key=${removed.id} removed=${removed}>
    <p class="byline"><${Avatar} person=${removed.author} /><span><${Author} author=${removed.author} />
      <span class="quiet">${removed.moderator_id ? html`removed by <a href=${link(`/people/${removed.moderator_id}`)}>person ${removed.moderator_id}</a>` : "removed by a deleted account"}</span></span></p><//>`;
  const pages = usePages("/posts/moderation/removed");
  return html`<${Listed} pages=${pages} line=${one} as="ol" rows=${2} tall class="posts" aria-label="Removals">
    <${Empty} title="Nothing was removed">Removals are listed for 90 days.<//><//>`;
}
