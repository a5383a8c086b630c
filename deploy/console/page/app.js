// The console: its frame and its views. The view and its filters are in the address's fragment, as `#/logs?level=error`.
import { html, render, useEffect, useState } from "/page/dom.js";
import { Messages } from "/page/messages.js";
import { here, link } from "./address.js";
import { useData } from "./data.js";
import { Logs } from "./logs.js";
import { Mails } from "./mails.js";
import { Metrics } from "./metrics.js";
import { Picture } from "./picture.js";
import { Processes } from "./processes.js";
import { Trace } from "./trace.js";
import { Statements, Traces } from "./traces.js";
import { Problem, Theme } from "./ui.js";

const VIEWS = {
  processes: ["Processes", Processes],
  picture: ["Calls", Picture],
  metrics: ["Metrics", Metrics],
  logs: ["Logs", Logs],
  traces: ["Traces", Traces],
  statements: ["Statements", Statements],
  mails: ["Mails", Mails],
};

function App() {
  const [place, setPlace] = useState(here());
  useEffect(() => {
    const change = () => setPlace(here());
    addEventListener("hashchange", change);
    return () => removeEventListener("hashchange", change);
  }, []);
  const { data: stack, problem } = useData("stack");
  const [name, argument] = place.path;
  const [title, View] = name === "traces" && argument ? ["Trace", Trace] : VIEWS[name] ?? VIEWS.processes;
  useEffect(() => {
    document.title = `${title} · Console`;
  }, [title]);
  return html`<a class="skip" href="#page" onClick=${skip}>Skip to the content</a>
    <header class="top">
      <a class="brand" href=${link("processes")}><i aria-hidden="true" />Console</a>
      <nav class="views" aria-label="Views">
        ${Object.entries(VIEWS).map(([key, [text]]) => html`<a key=${key} href=${link(key)} aria-current=${key === name ? "page" : null}>${text}</a>`)}
      </nav>
      ${stack && html`<a class="button small" href=${stack.gateway} target="_blank" rel="noreferrer">Web client</a>`}
      <${Theme} />
    </header>
    <div class="wide-page"><main id="page" tabindex="-1">
      <h1>${title}</h1>
      ${problem && html`<${Problem} problem=${problem} />`}
      ${stack && html`<${View} key=${title} stack=${stack} filters=${place.filters} argument=${argument} />`}
    </main></div>
    <${Messages} />`;
}

/** The view is in the address's fragment, so this link must not change it. */
function skip(event) {
  event.preventDefault();
  document.getElementById("page").focus();
}

const root = document.getElementById("app");
root.replaceChildren();
render(html`<${App} />`, root);
