// The log lines of all processes, the newest first. A line leads to its request and to its trace.
import { html, useState } from "/page/dom.js";
import { filter, link } from "./address.js";
import { useData } from "./data.js";
import { Choice, Clock, Empty, Pending, Search, namesOf } from "./ui.js";

export function Logs({ stack, filters }) {
  const [held, setHeld] = useState(false);
  const { data, problem } = useData("logs", filters, held);
  const set = (name) => (value) => filter({ [name]: value });
  return html`<form class="filters card" onSubmit=${(event) => event.preventDefault()}>
      <${Choice} label="Process" value=${filters.process} among=${namesOf(stack)} onChoice=${set("process")} />
      <${Choice} label="Level, at least" value=${filters.level} among=${stack.levels} onChoice=${set("level")} />
      <${Search} label="Text" value=${filters.text} onText=${set("text")} />
      <${Search} label="Request id" value=${filters.request} onText=${set("request")} />
      <${Search} label="Trace id" value=${filters.trace} onText=${set("trace")} />
      <div class="row"><label class="choice"><input type="checkbox" checked=${held} onChange=${() => setHeld(!held)} />Hold</label>
        <a href=${link("logs")}>Without filters</a></div>
    </form>
    ${!data && html`<${Pending} problem=${problem} />`}
    ${data?.length === 0 && html`<${Empty} title="No such lines">Change the filters, or wait for the next line.<//>`}
    ${data?.length > 0 && html`<ol class="lines" aria-label="Log lines">${data.map((line, place) => html`<${Line} key=${`${line.process} ${line.time} ${place}`} line=${line} filters=${filters} />`)}</ol>`}`;
}

function Line({ line, filters }) {
  const more = Object.entries(line.more);
  return html`<li class="line ${line.level}">
    <span class="head"><${Clock} at=${line.time} /> <b>${line.process}</b> <span class="level">${line.level}</span></span>
    <span class="what">${line.event}${more.map(([key, value]) => html`<span key=${key} class="pair"> ${`${key}=${shown(value)}`}</span>`)}</span>
    <span class="ids">
      ${line.request_id && filters.request !== line.request_id && html`<a href=${link("logs", { request: line.request_id })} title=${line.request_id}>request</a>`}
      ${line.trace_id && html`<a href=${link(`traces/${line.trace_id}`)} title=${line.trace_id}>trace</a>`}
    </span></li>`;
}

const shown = (value) => (typeof value === "object" ? JSON.stringify(value) : String(value));
