// The processes of the stack, with buttons to stop, start and restart them.
import { html, useState } from "/page/dom.js";
import { say } from "/page/messages.js";
import { link } from "./address.js";
import { act, useData } from "./data.js";
import { Pending } from "./ui.js";

const WORDS = { stop: "Stop", start: "Start", restart: "Restart" };

export function Processes() {
  const { data, problem, again } = useData("stack");
  const [busy, setBusy] = useState({});
  if (!data) return html`<${Pending} problem=${problem} />`;

  async function press(name, what) {
    setBusy((before) => ({ ...before, [name]: what }));
    try {
      say(await act(name, what));
    } catch (caught) {
      say(caught.message);
    }
    setBusy((before) => ({ ...before, [name]: null }));
    again();
  }

  const button = (process, what) => html`<button key=${what} type="button" class="button small" disabled=${Boolean(busy[process.name])}
    aria-label="${WORDS[what]} ${process.name}" onClick=${() => press(process.name, what)}>${busy[process.name] === what ? "…" : WORDS[what]}</button>`;
  const row = (process) => html`<tr key=${process.name}>
    <th scope="row"><a href=${link("logs", { process: process.name })}>${process.name}</a></th>
    <td><span class="state ${process.state.replace(" ", "-")}">${process.state}</span>
      ${process.why && html`<span class="reason">${process.why}</span>`}</td>
    <td class="number">${process.restarts}${process.restarts > 0 && html`<span class="reason">${process.last_end}</span>`}</td>
    <td class="number">${process.uptime_s === null ? "–" : duration(process.uptime_s)}</td>
    <td class="number">${process.memory_mib === null ? "–" : `${process.memory_mib} MiB`}</td>
    <td class="number">${process.port}</td>
    <td>${process.version || "–"}</td>
    <td><div class="row end">${process.acts.map((what) => button(process, what))}</div></td>
  </tr>`;
  return html`<div class="table" tabindex="0" role="region" aria-label="Processes"><table>
    <thead><tr><th scope="col">Process</th><th scope="col">State</th><th scope="col" class="number">Restarts</th><th scope="col" class="number">Runs for</th>
      <th scope="col" class="number">Memory</th><th scope="col" class="number">Port</th><th scope="col">Version</th><th scope="col"><span class="hidden">Actions</span></th></tr></thead>
    <tbody>${data.processes.map(row)}</tbody>
  </table></div>
  <p class="quiet small">A process that ends by itself is started again. One that you stop stays stopped until you start it, or the stack.</p>`;
}

function duration(seconds) {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
