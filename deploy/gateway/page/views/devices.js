// The user's sessions.
import { remove } from "../api.js";
import { html } from "../dom.js";
import { usePages } from "../data.js";
import { Icon } from "../icons.js";
import { say } from "../messages.js";
import { ProblemNotice, Skeleton, Time } from "../ui.js";
import { More } from "./lists.js";

// The first match counts: Edge and Opera also contain Chrome, and Chrome contains Safari.
const BROWSERS = [["Edg", "Edge"], ["OPR", "Opera"], ["Firefox", "Firefox"], ["Chrome", "Chrome"], ["Safari", "Safari"]];
const SYSTEMS = [["iPhone", "iPhone"], ["iPad", "iPad"], ["Android", "Android"], ["Windows", "Windows"], ["Mac OS", "macOS"], ["Linux", "Linux"]];

/** The common name of a `User-Agent`; programs that are no browsers keep their own name. */
export function nameOf(agent) {
  const [browser, system] = [BROWSERS, SYSTEMS].map((known) => known.find(([word]) => agent.includes(word))?.[1]);
  if (browser) return system ? `${browser} on ${system}` : browser;
  return agent.slice(0, 60) || "An unknown device";
}

export function Devices() {
  const { items, problem, hasMore, busy, more, change } = usePages("/auth/sessions");

  async function end(path, keeps, done) {
    try {
      await remove(path);
      change((all) => all.filter(keeps));
      say(done);
    } catch (caught) {
      say(caught.message);
    }
  }

  const one = (device) => html`<li key=${device.id} class="card person">
    <span class="avatar"><${Icon} name="device" /></span>
    <div class="grow"><p class="name">${nameOf(device.user_agent)}</p>
      <p class="quiet">${device.ip} · signed in <${Time} at=${device.created_at} /> · used <${Time} at=${device.last_used_at} /></p></div>
    ${device.current
      ? html`<span class="badge">This device</span>`
      : html`<button class="button small" type="button" aria-label="Sign out ${nameOf(device.user_agent)}"
          onClick=${() => end(`/auth/sessions/${device.id}`, ({ id }) => id !== device.id, "The device is signed out.")}>Sign out</button>`}
  </li>`;
  const allOthers = () => end("/auth/sessions", ({ current }) => current, "All other devices are signed out.");
  return html`
    ${!items && !problem && html`<${Skeleton} rows=${2} />`}
    ${items && html`<ul class="people" aria-label="Devices">${items.map(one)}</ul>`}
    ${problem && html`<${ProblemNotice} problem=${problem} retry=${more} />`}
    <${More} hasMore=${hasMore && !problem} busy=${busy} more=${more} />
    ${items?.length > 1 && html`<p class="center"><button class="button" type="button" onClick=${allOthers}>Sign out all others</button></p>`}`;
}
