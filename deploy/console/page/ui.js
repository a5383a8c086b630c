// Small shared parts of the views.
import { html, useEffect, useState } from "/page/dom.js";
import { useTheme } from "/page/theme.js";

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

/** A time of the day, in milliseconds. @param {{at: number}} props seconds since 1970; 0 is unknown */
export function Clock({ at }) {
  if (!at) return html`<span class="quiet">–</span>`;
  const then = new Date(at * 1000);
  const ms = String(then.getMilliseconds()).padStart(3, "0");
  return html`<time datetime=${then.toISOString()} title=${moment.format(then)}>${clock.format(then)}.${ms}</time>`;
}

export function Theme() {
  const { text, turn } = useTheme();
  return html`<button type="button" class="plain theme small" onClick=${turn}>${text}</button>`;
}

export const Problem = ({ problem }) => html`<div class="notice bad" role="alert"><p>${problem.message}</p></div>`;

export const Empty = ({ title, children }) => html`<div class="empty"><h2>${title}</h2><p>${children}</p></div>`;

/** What stands in place of data that are not there. */
export const Pending = ({ problem }) => (problem ? html`<${Problem} problem=${problem} />` : html`<p class="quiet" role="status">Loading…</p>`);

/** A text field that tells its text when the typing pauses. */
export function Search({ label, value, onText }) {
  const [text, setText] = useState(value ?? "");
  useEffect(() => setText(value ?? ""), [value]);
  useEffect(() => {
    if (text === (value ?? "")) return undefined;
    const timer = setTimeout(() => onText(text.trim()), 300);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<label class="field">${label}<input type="search" value=${text} onInput=${(event) => setText(event.target.value)} /></label>`;
}

export const Choice = ({ label, value, among, onChoice }) => html`<label class="field">${label}
  <select value=${value ?? ""} onChange=${(event) => onChoice(event.target.value)}>
    <option value="">all</option>
    ${among.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}
  </select></label>`;

/** The services, and the processes of those that have several. */
export const namesOf = (stack) => [...new Set(stack.processes.flatMap((process) => [process.service, process.name]))];

/** The services and the other processes. */
export const servicesOf = (stack) => [...new Set(stack.processes.map((process) => process.service))];
