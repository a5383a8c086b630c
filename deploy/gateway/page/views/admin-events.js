// For admins: events that a service could not deliver, with the reason; they are sent again, or dropped.
import { post } from "../api.js";
import { html, useState } from "../dom.js";
import { usePages, useThing } from "../data.js";
import { say } from "../messages.js";
import { Pending, Time } from "../ui.js";
import { Listed } from "./lists.js";
import { AskReason } from "./reason.js";

const METADATA = "/.well-known/oauth-authorization-server"; // each service has scopes, such as users:read

export function ParkedEvents() {
  const { data, problem, reload } = useThing(METADATA);
  const [acts, setActs] = useState(0); // loads the lists again after each
  if (!data) return html`<${Pending} problem=${problem} retry=${reload} />`;
  const services = [...new Set(data.scopes_supported.filter((scope) => scope.includes(":")).map((scope) => scope.split(":")[0]))];
  return html`<p>A target has refused each of these five times. Fix the cause, then replay them.</p>
    ${services.map((service) => html`<${OfService} key=${`${service}-${acts}`} service=${service} onAct=${() => setActs(acts + 1)} />`)}`;
}

function OfService({ service, onAct }) {
  const path = `/${service}/admin/parked-events`;
  const pages = usePages(path);
  const [act, setAct] = useState(null);

  async function send(reason) {
    const { target, type, subject, version } = act.event;
    try {
      await post(`${path}/${act.way}`, { target, type, subject, version, reason });
      say(act.done);
    } catch (caught) {
      if (caught.code !== "event-not-parked") throw caught;
      say(caught.message); // somebody else was quicker
    }
    onAct();
  }

  const replay = (event) => ({ event, way: "replay", title: "Replay the event?", action: "Replay", done: "The event is sent again.",
    text: `${event.target} gets ${event.subject} once more.` });
  const drop = (event) => ({ event, way: "drop", title: "Drop the event?", action: "Drop", danger: true, done: "The event is dropped.",
    text: `${event.target} does not get this state of ${event.subject}, until it changes again or the two are reconciled.` });
  const one = (event) => html`<li key=${`${event.target} ${event.type} ${event.subject}`} class="card event">
    <h3>${event.subject}@${event.version} <span class="quiet">(${event.type}) to ${event.target}</span></h3>
    <p class="reason">${event.last_error ?? "No reason is known."}</p>
    <p class="quiet small">of <${Time} at=${event.occurred_at} /> · parked <${Time} at=${event.parked_at} /> · ${event.attempts} tries</p>
    ${event.data === null
      ? html`<p class="quiet small">Its data are not shown: too large, or a mail.</p>`
      : html`<details><summary>Data, which may be personal</summary><pre tabindex="0">${event.data}</pre></details>`}
    <div class="row end">
      <button class="button small danger" type="button" aria-label="Drop ${event.subject} to ${event.target}" onClick=${() => setAct(drop(event))}>Drop</button>
      <button class="button small" type="button" aria-label="Replay ${event.subject} to ${event.target}" onClick=${() => setAct(replay(event))}>Replay</button>
    </div></li>`;
  return html`<section aria-labelledby=${`events-of-${service}`} class="events"><h2 id=${`events-of-${service}`}>From ${service}</h2>
    <${Listed} pages=${pages} line=${one} rows=${1} class="people"><p class="quiet">Nothing is parked.</p><//>
    ${act && html`<${AskReason} ...${act} send=${send} onEnd=${() => setAct(null)}>${act.text}<//>`}
  </section>`;
}
