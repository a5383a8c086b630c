// The mails that auth has written, as their receivers see them. A mail is shown in a frame without scripts.
import { html, useState } from "/page/dom.js";
import { useData } from "./data.js";
import { Clock, Empty, Pending } from "./ui.js";

export function Mails({ argument }) {
  const { data, problem } = useData("mails");
  const [chosen, setChosen] = useState(argument ?? null);
  if (!data) return html`<${Pending} problem=${problem} />`;
  if (!data.length) return html`<${Empty} title="No mails yet">Sign up in the web client: it sends one.<//>`;
  const shown = data.find((mail) => mail.id === chosen) ?? data[0];
  const item = (mail) => html`<li key=${mail.id}><button type="button" class="mail" aria-pressed=${mail === shown} onClick=${() => setChosen(mail.id)}>
    <span class="clip">${mail.subject}</span><span class="quiet small clip">${mail.to}</span><span class="quiet small"><${Clock} at=${mail.time} /></span></button></li>`;
  return html`<div class="mails">
    <ol aria-label="Mails">${data.map(item)}</ol>
    <section class="card" aria-labelledby="subject">
      <h2 id="subject">${shown.subject}</h2>
      <p class="quiet small">From ${shown.from} to ${shown.to}, <${Clock} at=${shown.time} /></p>
      ${shown.links.map((one) => html`<p key=${one}><a class="button primary" href=${one} target="_blank" rel="noreferrer">Open its link</a> <code class="small">${one}</code></p>`)}
      ${shown.html && html`<iframe title="The mail as it looks" sandbox="allow-popups allow-popups-to-escape-sandbox" src=${`/mails/${shown.id}`}></iframe>`}
      <details open=${!shown.html}><summary>As plain text</summary><pre tabindex="0">${shown.text}</pre></details>
    </section></div>`;
}
