// The services and their calls: those of the registry, with how often the kept traces show them.
import { html } from "/page/dom.js";
import { link } from "./address.js";
import { useData } from "./data.js";
import { Pending } from "./ui.js";

const WIDTH = 860;
const HEIGHT = 460;
const BOX = { width: 150, height: 62 };
const BEND = 26; // pixels between two edges of the same services
const GATEWAY = "gateway";

export function Picture() {
  const { data, problem } = useData("picture");
  if (!data) return html`<${Pending} problem=${problem} />`;
  const places = placed(data.nodes);
  const edges = data.edges.filter((edge) => places[edge.from] && places[edge.to]);
  return html`<figure class="card picture"><svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="group" aria-label="The services and their calls; the table below has the same">
      <defs>${["call", "events"].map((kind) => html`<marker key=${kind} id=${`to-${kind}`} class=${kind} viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">
        <path d="M0 0 10 5 0 10z" /></marker>`)}</defs>
      ${edges.map((edge) => html`<${Edge} key=${`${edge.from} ${edge.to} ${edge.kind}`} edge=${edge} from=${places[edge.from]} to=${places[edge.to]} />`)}
      ${data.nodes.map((node) => html`<${Node} key=${node.name} node=${node} at=${places[node.name]} />`)}
    </svg><figcaption class="quiet small">Solid: calls. Dashed: events. A number counts the calls among the kept spans; grey edges are in the registry, and no trace shows them.</figcaption></figure>
    <div class="table" tabindex="0" role="region" aria-label="Calls"><table><thead><tr><th scope="col">From</th><th scope="col">To</th><th scope="col">Kind</th>
      <th scope="col" class="number">Seen</th><th scope="col" class="number">Waiting</th><th scope="col" class="number">Parked</th></tr></thead>
      <tbody>${edges.map((edge) => html`<tr key=${`${edge.from} ${edge.to} ${edge.kind}`}><td>${edge.from}</td><td>${edge.to}</td><td>${edge.kind}</td>
        <td class="number">${edge.count}</td><td class="number">${edge.kind === "events" ? edge.waiting : ""}</td>
        <td class="number">${edge.kind === "events" ? edge.parked : ""}</td></tr>`)}</tbody></table></div>`;
}

/** The gateway at the left, the services on an ellipse. */
function placed(nodes) {
  const others = nodes.filter((node) => node.name !== GATEWAY);
  const places = { [GATEWAY]: { x: 95, y: HEIGHT / 2 } };
  others.forEach((node, place) => {
    const angle = Math.PI + (2 * Math.PI * (place + 0.5)) / others.length;
    places[node.name] = { x: 530 + 235 * Math.cos(angle), y: HEIGHT / 2 + 165 * Math.sin(angle) };
  });
  return places;
}

function Node({ node, at }) {
  const state = node.up === node.of ? "up" : node.up ? "partly" : "down";
  const text = node.up === node.of ? (node.of > 1 ? `${node.up} processes ready` : "ready") : `${node.up} of ${node.of} ready`;
  return html`<a href=${link("logs", { process: node.name })}><g class=${`node ${state}`} transform=${`translate(${at.x - BOX.width / 2} ${at.y - BOX.height / 2})`}>
    <rect width=${BOX.width} height=${BOX.height} rx="12" /><circle cx="20" cy="24" r="6" />
    <text x="36" y="29" class="title">${node.name}</text><text x="36" y="48">${text}</text></g></a>`;
}

function Edge({ edge, from, to }) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const far = Math.hypot(dx, dy);
  const bend = edge.kind === "events" ? 2.4 * BEND : BEND;
  const middle = { x: (from.x + to.x) / 2 - (dy / far) * bend, y: (from.y + to.y) / 2 + (dx / far) * bend };
  const [start, end] = [cut(from, middle), cut(to, middle)];
  const kind = edge.kind === "events" ? "events" : "call";
  const told = [edge.count || "", edge.waiting ? `${edge.waiting} wait` : "", edge.parked ? `${edge.parked} parked` : ""].filter(Boolean).join(", ");
  return html`<g class=${`edge ${kind} ${edge.count ? "" : "unseen"} ${edge.parked ? "parked" : ""}`}>
    <path d=${`M${start.x} ${start.y}Q${middle.x} ${middle.y} ${end.x} ${end.y}`} marker-end=${`url(#to-${kind})`} />
    <text x=${(start.x + 2 * middle.x + end.x) / 4} y=${(start.y + 2 * middle.y + end.y) / 4 - 4}>${told}</text></g>`;
}

/** Where the line from a box's middle to a point leaves the box. */
function cut(box, point) {
  const [dx, dy] = [point.x - box.x, point.y - box.y];
  const share = Math.min((BOX.width / 2 + 4) / Math.abs(dx || 1e-9), (BOX.height / 2 + 4) / Math.abs(dy || 1e-9), 1);
  return { x: box.x + dx * share, y: box.y + dy * share };
}
