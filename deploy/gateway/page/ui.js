// Small shared components of views.
import { Unreachable } from "./api.js";
import { html, useEffect, useId, useLayoutEffect, useRef, useState } from "./dom.js";
import { link } from "./router.js"; // only with posts
import { PICTURE } from "./text.js";

const TINTS = 6;
const MINUTE = 60;
const STEPS = [["day", 86_400], ["hour", 3600], ["minute", MINUTE]];
const ago = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const compact = new Intl.NumberFormat(undefined, { notation: "compact" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export const count = (number) => compact.format(number);

/** `counted(1, "comment")`: "1 comment". */
export const counted = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** "5 minutes ago", after a week the date; the exact time on hover. @param {{at: string}} props RFC 3339 */
export function Time({ at }) {
  const then = new Date(at);
  const seconds = (Date.now() - then) / 1000;
  const [unit, size] = STEPS.find(([, length]) => seconds >= length) ?? [];
  let text = unit ? ago.format(-Math.floor(seconds / size), unit) : "just now";
  if (seconds > 7 * 86_400) text = day.format(then);
  return html`<time datetime=${at} title=${moment.format(then)}>${text}</time>`;
}

/** An avatar, or the initials. Pictures of other sites are not shown: they would learn who reads here. */
export function Avatar({ person, size = "" }) {
  const [broken, setBroken] = useState(null);
  const url = person?.avatar_url;
  if (PICTURE.test(url) && broken !== url) {
    const file = size === "large" ? url : url.replace(/\.webp$/, "-small.webp");
    return html`<img class="avatar ${size}" src=${file} alt="" loading="lazy" decoding="async" onError=${() => setBroken(url)} />`;
  }
  const words = (person?.name || "?").split(/\s+/).filter(Boolean);
  const initials = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...word][0] ?? "").join("");
  return html`<span class="avatar tint-${(person?.id ?? 0) % TINTS} ${size}" aria-hidden="true">${initials.toUpperCase()}</span>`;
}

// begin: only with posts
/** The name of an author, who may be deleted (null) or unknown at the moment (name null). */
export function Author({ author }) {
  if (!author) return html`<span class="quiet">Deleted account</span>`;
  return html`<a class="name" href=${link(`/people/${author.id}`)}>${author.name ?? "Somebody"}</a>`;
}

export function Tags({ tags }) {
  if (!tags.length) return null;
  const one = (tag) => html`<li key=${tag}><a class="tag" href=${link(`/tags/${encodeURIComponent(tag)}`)}>${tag}</a></li>`;
  return html`<ul class="tags" aria-label="Tags">${tags.map(one)}</ul>`;
}

// end: only with posts
/** Grey placeholders of the size of the content, so that nothing shifts when it arrives. */
export function Skeleton({ rows = 3, tall = false }) {
  const row = (_, place) => html`<div key=${place} class="skeleton ${tall ? "tall" : ""}"><i /><i /><i /></div>`;
  return html`<div role="status"><span class="hidden">Loading…</span>${Array.from({ length: rows }, row)}</div>`;
}

/** In place of content that is loading, or that failed to load. */
export function Pending({ problem, retry, ...shape }) {
  return problem ? html`<${ProblemNotice} problem=${problem} retry=${retry} />` : html`<${Skeleton} ...${shape} />`;
}

/** An empty state: the reason, and what to do. */
export function Empty({ title, children }) {
  return html`<div class="empty"><h2>${title}</h2><p>${children}</p></div>`;
}

/** A problem, in a message for people. `retry` is offered if it may help. */
export function ProblemNotice({ problem, retry = null }) {
  const left = useCountdown(problem);
  const expected = problem instanceof Unreachable || (problem.status >= 400 && problem.status < 500);
  let text = expected || problem.status === 503 ? problem.message : "Something went wrong on our side.";
  if (problem.status === 429) text = left ? `Too many tries. Wait ${wait(left)}, then try again.` : "You can try again now.";
  const reference = !expected && problem.requestId;
  return html`<div class="notice bad" role="alert">
    <p>${text}${reference && html` <span class="reference">If you ask for help, give this number: <code>${reference}</code></span>`}</p>
    ${retry && html`<button class="button small" type="button" disabled=${left > 0} onClick=${retry}>Try again</button>`}
  </div>`;
}

/** "45 seconds". */
export const wait = (seconds) => (seconds > 2 * MINUTE ? `${Math.ceil(seconds / MINUTE)} minutes` : counted(seconds, "second"));

/** A countdown of the seconds until a problem allows a retry. */
export function useCountdown(problem) {
  const [left, setLeft] = useState(problem?.retryAfter ?? 0);
  useEffect(() => {
    const endsAt = Date.now() + (problem?.retryAfter ?? 0) * 1000;
    const tick = () => setLeft(Math.max(0, Math.ceil((endsAt - Date.now()) / 1000)));
    tick();
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, [problem]);
  return left;
}

/**
 * Mark a field as too long, and by how much. It counts characters like the server: a browser's own maxlength counts an
 * emoji as two or more, and cuts it in half.
 */
export function limit(input, most) {
  const surplus = most ? Math.max(0, [...input.value].length - most) : 0;
  const words = surplus ? `This is ${counted(surplus, "character")} too long.` : "";
  input.setCustomValidity(words);
  return words;
}

/** A dialog over the page, open as long as it is rendered. `onEnd` is called when the user closes it. */
export function Dialog({ title, onEnd, children }) {
  const id = useId();
  const dialog = useRef(null);
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown.showModal();
    return () => shown.close(); // still in the document, so that the focus returns to where it was
  }, []);
  const end = (event) => event.target.isConnected && onEnd(); // the event comes later, also after that last `close`
  return html`<dialog ref=${dialog} aria-labelledby=${id} onClose=${end}><h2 id=${id}>${title}</h2>${children}</dialog>`;
}

/** The last row of a dialog: Cancel, and the children. */
export const CancelOr = ({ children }) => html`<div class="row end">
  <button class="button" type="button" onClick=${(event) => event.target.closest("dialog").close()}>Cancel</button>${children}</div>`;

/** Confirms an action that cannot be undone. */
export const Confirm = ({ title, children, action, onYes, onNo }) => html`<${Dialog} title=${title} onEnd=${onNo}>
  <p>${children}</p>
  <${CancelOr}><button class="button danger" type="button" onClick=${onYes}>${action}</button><//><//>`;
