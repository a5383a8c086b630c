// The dialog that asks who it is, when the API wants a recent proof (RFC 9470).
import { get, onProofNeeded } from "../api.js";
import { html, useEffect, useRef, useState } from "../dom.js";
import { Form, Password, Submit } from "../form.js";
import { signOut, stepUp } from "../session.js";
import { CancelOr, Dialog, Pending } from "../ui.js";
import { useHasPassword } from "./own-password.js";
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
  return html`<${Question} end=${end} />`;
}

function Question({ end }) {
  const proof = useRef(null);
  const [status, setStatus] = useState(null);
  const [problem, setProblem] = useState(null);
  const hasPassword = useHasPassword();
  const load = () => get("/auth/second-factor").then(({ data }) => setStatus(data), setProblem);
  useEffect(() => void load(), []);
  useEffect(() => proof.current?.querySelector("input").focus(), [status]);

  async function send(given) {
    await stepUp(given);
    end(true);
  }

  /** The current route, which is for signed-in users, leads to the sign-in page and back. */
  async function signInAgain() {
    end(false);
    await signOut().catch(() => {}); // here the session has ended in any case
  }

  const cannotProve = status && !status.on && !hasPassword; // opened by a provider
  return html`<${Dialog} title="Is it you?" onEnd=${() => end(false)}>
    <p>${cannotProve ? "Sign in again to do this." : "This needs a recent confirmation."}</p>
    ${!status && html`<${Pending} problem=${problem} retry=${load} rows=${1} />`}
    ${cannotProve && html`<${CancelOr}><button class="button primary" type="button" onClick=${signInAgain}>Sign in again</button><//>`}
    ${status && !cannotProve && html`<div ref=${proof}><${Form} send=${send} label="Confirm that it is you">
      ${status.on ? html`<${Proof} />` : html`<${Password} label="Your password" />`}
      <${CancelOr}><${Submit}>Confirm<//><//><//></div>`}
  <//>`;
}
