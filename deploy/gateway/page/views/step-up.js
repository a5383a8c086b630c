// The dialog that asks who it is, when the API wants a recent proof (RFC 9470).
import { get, onProofNeeded } from "../api.js";
import { html, useEffect, useRef, useState } from "../dom.js";
import { Form, Password, Submit } from "../form.js";
import { useMe } from "../me.js";
import { signOut, stepUp } from "../session.js";
import { Pending } from "../ui.js";
import { Proof } from "./second-factor.js";

/** Rendered once, beside the views. */
export function StepUp() {
  const [asks, setAsks] = useState(null);
  useEffect(() => {
    let asked = null; // several requests at once ask once
    onProofNeeded(() => (asked ??= new Promise((answer) => setAsks({ answer })).finally(() => (asked = null))));
  }, []);
  if (!asks) return null;
  const end = (proven) => {
    setAsks(null);
    asks.answer(proven);
  };
  return html`<${Dialog} end=${end} />`;
}

function Dialog({ end }) {
  const dialog = useRef(null);
  const [status, setStatus] = useState(null);
  const [problem, setProblem] = useState(null);
  const { account } = useMe();
  const load = () => get("/auth/second-factor").then(({ data }) => setStatus(data), setProblem);
  useEffect(() => {
    dialog.current.showModal();
    load();
  }, []);
  useEffect(() => dialog.current.querySelector("input")?.focus(), [status]);

  async function send(proof) {
    await stepUp(proof);
    end(true);
  }

  /** The current route, which is for signed-in users, leads to the sign-in page and back. */
  async function signInAgain() {
    end(false);
    await signOut().catch(() => {}); // here the session has ended in any case
  }

  const cannotProve = status && !status.on && account?.has_password === false; // opened by a provider
  const cancel = html`<button class="button" type="button" onClick=${() => dialog.current.close()}>Cancel</button>`;
  return html`<dialog ref=${dialog} aria-labelledby="step-up-title" onClose=${() => end(false)}>
    <h2 id="step-up-title">Is it you?</h2>
    <p>${cannotProve ? "Sign in again to do this." : "This needs a recent confirmation."}</p>
    ${!status && html`<${Pending} problem=${problem} retry=${load} rows=${1} />`}
    ${cannotProve && html`<div class="row end">${cancel}
      <button class="button primary" type="button" onClick=${signInAgain}>Sign in again</button></div>`}
    ${status && !cannotProve && html`<${Form} send=${send} label="Confirm that it is you">
      ${status.on ? html`<${Proof} />` : html`<${Password} label="Your password" />`}
      <div class="row end">${cancel}<${Submit}>Confirm<//></div><//>`}
  </dialog>`;
}
