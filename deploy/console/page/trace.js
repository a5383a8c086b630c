// One trace as a waterfall: each span under its parent, with its time, its SQL and what it called.
import { html, useState } from "/page/dom.js";
import { link } from "./address.js";
import { useData } from "./data.js";
import { Pending } from "./ui.js";

const INDENT = 14; // pixels of a level
const DEEPEST = 12;
const TINTS = 5;

export function Trace({ argument, stack }) {
  const { data, problem } = useData(`traces/${argument}`);
  const [open, setOpen] = useState(null);
  if (!data) return html`<${Pending} problem=${problem} /><p><a href=${link("traces")}>All traces</a></p>`;
  const begin = Math.min(...data.map((span) => span.time));
  const length = Math.max(...data.map((span) => (span.time - begin) * 1000 + span.ms), 0.001);
  const services = [...new Set(stack.processes.map((process) => process.service))];
  const rows = inOrder(data);
  const linked = [...new Set(data.flatMap((span) => span.links))].filter((one) => one !== argument);
  return html`<p class="row">
      <span><b>${length.toFixed(1)} ms</b>, ${data.length} ${data.length === 1 ? "span" : "spans"}</span>
      <a href=${link("logs", { trace: argument })}>Log lines of this trace</a>
      ${linked.map((one) => html`<a key=${one} href=${link(`traces/${one}`)}>Trace ${one.slice(0, 8)} published its events</a>`)}
      <code class="small quiet">${argument}</code></p>
    <ol class="waterfall" aria-label="Spans">${rows.map(({ span, depth }) => html`<${Row} key=${span.span_id} span=${span} depth=${Math.min(depth, DEEPEST)}
      tint=${Math.max(services.indexOf(span.service), 0) % TINTS} from=${((span.time - begin) * 100_000) / length} part=${(span.ms * 100) / length}
      open=${open === span.span_id} onTurn=${() => setOpen(open === span.span_id ? null : span.span_id)} />`)}</ol>
    <p class="quiet small">A span of another service is a call to it. Values are never part of a span. Spans that have not arrived yet, or were pushed out, are missing.</p>`;
}

/** Parents before their children, by time. Spans whose parent is not there stand at the top. */
function inOrder(spans) {
  const ids = new Set(spans.map((span) => span.span_id));
  const children = Map.groupBy(spans, (span) => (ids.has(span.parent_id) ? span.parent_id : ""));
  const rows = [];
  const add = (parent, depth) => {
    for (const span of children.get(parent) ?? []) {
      rows.push({ span, depth });
      add(span.span_id, depth + 1);
    }
  };
  add("", 0);
  return rows;
}

function Row({ span, depth, tint, from, part, open, onTurn }) {
  const told = Object.entries(span.attributes);
  return html`<li class=${span.failed ? "failed" : ""}>
    <button type="button" class="span" aria-expanded=${open} onClick=${onTurn}>
      <span class="label clip" style=${{ paddingLeft: `${depth * INDENT}px` }}><b>${span.service}</b> ${span.name}${span.failed ? html` <span class="state stopped">failed</span>` : ""}</span>
      <svg class=${`bar bar-${tint}`} viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect x=${from} y="1" width=${Math.max(part, 0.3)} height="8" /></svg>
      <span class="number">${span.ms} ms</span>
    </button>
    ${open && html`<dl class="told"><dt>kind</dt><dd>${span.kind}</dd>${told.map(([key, value]) => [html`<dt key=${key}>${key}</dt>`, html`<dd key=${`${key}=`}>${value}</dd>`])}</dl>`}
  </li>`;
}
