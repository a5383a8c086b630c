// The last ten minutes of each service as lines, and the events that wait.
import { html } from "/page/dom.js";
import { link } from "./address.js";
import { useData } from "./data.js";
import { Pending } from "./ui.js";

const WIDTH = 240;
const HEIGHT = 48;
const KEPT = 120; // points: as the server keeps
const LINES = [
  ["requests", "Requests", "/s"],
  ["p50_ms", "Median time", " ms"],
  ["p95_ms", "95 % within", " ms"],
  ["errors", "Errors (5xx)", "/s"],
  ["waits", "Waits for a connection", "/s"],
];

export function Metrics({ stack }) {
  const { data, problem } = useData("metrics");
  if (!data) return html`<${Pending} problem=${problem} />`;
  return html`${Object.entries(data.services).map(([service, points]) => html`<section key=${service} class="card" aria-labelledby=${`of-${service}`}>
      <h2 id=${`of-${service}`}>${service}</h2>
      <div class="sparks">${LINES.map(([key, text, unit]) => html`<${Spark} key=${key} text=${text} unit=${unit} points=${points} of=${key} />`)}</div>
    </section>`)}
    <${Events} events=${data.events} gateway=${stack.gateway} />
    <p class="quiet small">Read from the services every ${data.every_s} seconds; the last ten minutes are kept in memory.</p>`;
}

function Spark({ text, unit, points, of }) {
  const values = points.map((point) => point[of] ?? null);
  const known = values.filter((value) => value !== null);
  const most = Math.max(...known, 0);
  const last = values.at(-1) ?? null;
  const x = (place) => WIDTH - ((values.length - 1 - place) * WIDTH) / (KEPT - 1);
  const y = (value) => HEIGHT - 2 - (most ? (value / most) * (HEIGHT - 6) : 0);
  let path = "";
  values.forEach((value, place) => {
    if (value !== null) path += `${place && values[place - 1] !== null ? "L" : "M"}${x(place).toFixed(1)} ${y(value).toFixed(1)}h0.5`; // h: one alone is seen too
  });
  const told = last === null ? "–" : `${last}${unit}`;
  return html`<figure class="spark"><figcaption>${text} <b>${told}</b> <span class="quiet small">${known.length ? `at most ${most}${unit}` : ""}</span></figcaption>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${`${text}: ${told}, at most ${most}${unit}`}>
      <path d=${path} /></svg></figure>`;
}

function Events({ events, gateway }) {
  const row = (event) => html`<tr key=${`${event.service} ${event.target} ${event.type}`}><th scope="row">${event.service}</th><td>${event.type}</td><td>${event.target}</td>
    <td class="number">${event.waiting ?? 0}</td><td class="number">${event.parked ? html`<span class="state stopped">${event.parked}</span>` : 0}</td></tr>`;
  return html`<section class="card" aria-labelledby="events"><h2 id="events">Events not delivered yet</h2>
    ${events.length
      ? html`<div class="table" tabindex="0" role="region" aria-label="Events not delivered yet"><table><thead><tr><th scope="col">From</th><th scope="col">Type</th><th scope="col">To</th>
          <th scope="col" class="number">Waiting</th><th scope="col" class="number">Parked</th></tr></thead><tbody>${events.map(row)}</tbody></table></div>`
      : html`<p class="quiet">Every event has been delivered.</p>`}
    <p>A target has refused a parked event five times.${" "}<a href=${`${gateway}/admin/events`} target="_blank" rel="noreferrer">The administration</a> shows the reason, and sends it again. The commands are <code>make run CMD="users outbox parked"</code> and <code>… replay</code>.${" "}<a href=${link("logs", { level: "warning", text: "event" })}>Warnings about events</a></p></section>`;
}
