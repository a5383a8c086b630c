// The end of every way to sign in, and the frame of such views.
import { html, useEffect, useRef, useState } from "../dom.js";
import { Form, Submit } from "../form.js";
import { replace } from "../router.js";
import { secondStep } from "../session.js";
import { Proof } from "./second-factor.js";

/** Only routes of this page, against open redirects. */
export const onwards = (next) => replace(/^\/(?![/\\])/.test(next) ? next : "/");

export function Door({ title, children, foot }) {
  return html`<div class="door"><h1>${title}</h1><div class="card">${children}</div><p class="center">${foot}</p></div>`;
}

/**
 * The end of every way to sign in: goes on to `next`, or shows the second step.
 * @returns {[any, (needed: object | null) => void]} the second step's view, if it is needed; and what takes the answer
 */
export function useArrival(next) {
  const [pending, setPending] = useState(null);
  const arrive = (needed) => (needed ? setPending(needed) : onwards(next));
  async function prove({ trust, ...proof }) {
    await secondStep(pending.challenge, proof, trust === "on");
    onwards(next);
  }
  return [pending && html`<${SecondStepDoor} pending=${pending} prove=${prove} again=${() => setPending(null)} />`, arrive];
}

function SecondStepDoor({ pending, prove, again }) {
  const back = html`<button class="plain" type="button" onClick=${again}>Begin again</button>`;
  const explain = (problem) => problem.code === "challenge-not-valid" && html`<div class="notice bad" role="alert">
    <p>${problem.message}</p></div>`;
  const form = useRef(null);
  useEffect(() => form.current.querySelector("input").focus(), []);
  return html`<${Door} title="One more step" foot=${back}><div ref=${form}>
    <${Form} send=${prove} label="Second factor" explain=${explain}><${Proof} />
      ${pending.may_trust_device && html`<label class="choice"><input type="checkbox" name="trust" /> Trust this device</label>`}
      <${Submit}>Sign in<//>
    <//></div><//>`;
}
