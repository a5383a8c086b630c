// Lists of traces, and of SQL statements.
import { html } from "/page/dom.js";
import { filter, link } from "./address.js";
import { useData } from "./data.js";
import { Choice, Clock, Empty, Pending, Search, servicesOf } from "./ui.js";

const LENGTHS = ["10", "100", "1000"];

export function Traces({ stack, filters }) {
  const { data, problem } = useData("traces", filters);
  const set = (name) => (value) => filter({ [name]: value });
  const row = (trace) => html`<tr key=${trace.trace_id}>
    <th scope="row"><a href=${link(`traces/${trace.trace_id}`)}>${trace.name}</a> <span class="quiet small">${trace.path}</span></th>
    <td>${trace.services.join(", ")}</td><td class="number">${trace.spans}</td><td class="number">${trace.statements}</td>
    <td>${trace.failed ? html`<span class="state stopped">failed</span>` : ""}</td>
    <td class="number"><${Clock} at=${trace.time} /></td><td class="number"><b>${trace.ms}</b> ms</td></tr>`;
  return html`<form class="filters card" onSubmit=${(event) => event.preventDefault()}>
      <${Choice} label="Service" value=${filters.service} among=${servicesOf(stack)} onChoice=${set("service")} />
      <${Search} label="Text: a path, table or statement" value=${filters.text} onText=${set("text")} />
      <${Choice} label="At least, in milliseconds" value=${filters.min_ms} among=${LENGTHS} onChoice=${set("min_ms")} />
      <div class="row"><label class="choice"><input type="checkbox" checked=${filters.order === "slowest"}
        onChange=${(event) => set("order")(event.target.checked ? "slowest" : "")} />Slowest first</label></div>
    </form>
    ${!data && html`<${Pending} problem=${problem} />`}
    ${data?.length === 0 && html`<${Empty} title="No such traces">The services send their spans every second.<//>`}
    ${data?.length > 0 && html`<div class="table" tabindex="0" role="region" aria-label="Traces"><table>
      <thead><tr><th scope="col">First span</th><th scope="col">Services</th><th scope="col" class="number">Spans</th><th scope="col" class="number">SQL</th>
        <th scope="col"><span class="hidden">Outcome</span></th><th scope="col" class="number">Time</th><th scope="col" class="number">Took</th></tr></thead>
      <tbody>${data.map(row)}</tbody></table></div>`}`;
}

export function Statements() {
  const { data, problem } = useData("statements");
  if (!data) return html`<${Pending} problem=${problem} />`;
  if (!data.length) return html`<${Empty} title="No statements yet">Use the web client for a moment.<//>`;
  const row = (one) => html`<tr key=${`${one.service} ${one.name}`}><th scope="row">${one.name}</th><td>${one.service}</td><td class="number">${one.count}</td>
    <td class="number">${one.total_ms} ms</td><td class="number"><a href=${link(`traces/${one.trace_id}`)}>${one.max_ms} ms</a></td></tr>`;
  return html`<p>The SQL of the kept spans, by its name in the code. The longest run leads to its trace.</p>
    <div class="table" tabindex="0" role="region" aria-label="Statements"><table><thead><tr><th scope="col">Statement</th><th scope="col">Service</th>
      <th scope="col" class="number">Runs</th><th scope="col" class="number">In all</th><th scope="col" class="number">Longest</th></tr></thead>
      <tbody>${data.map(row)}</tbody></table></div>`;
}
