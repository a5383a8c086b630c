// Passkeys: adding, renaming and removing them, and signing in with one.
import { patch, post, remove } from "../api.js";
import { useThing } from "../data.js";
import { html, useEffect, useRef, useState } from "../dom.js";
import { Field, Form, Submit } from "../form.js";
import { Icon } from "../icons.js";
import { say } from "../messages.js";
import { signInByPasskey } from "../session.js";
import { Confirm, Empty, Pending, ProblemNotice, Time } from "../ui.js";
import { nameOf } from "./devices.js";

const PATH = "/auth/passkeys";
const OFFERED_MS = 240_000; // a challenge works for five minutes

/** Browsers make no passkeys for IP addresses, and none on pages that are not secure. */
const isAtAddress = /^[\d.]+$|^\[/.test(location.hostname);
const isThisMachine = /^127\.|^\[::1\]$/.test(location.hostname);
const isKnown = typeof PublicKeyCredential === "function" && "parseCreationOptionsFromJSON" in PublicKeyCredential;
export const canUsePasskeys = isKnown && !isAtAddress;

/** What the browser refuses has no words for people: its errors are for programs, and the same for many reasons. */
const WORDS = {
  NotAllowedError: "Nothing happened: it was cancelled, or took too long.",
  InvalidStateError: "This device has a passkey for your account already.",
};

/** @returns {Promise<object>} the answer as JSON; throws an error with a message for people */
async function ask(method, options) {
  try {
    return (await navigator.credentials[method](options)).toJSON();
  } catch (refusal) {
    throw refusal.name === "AbortError" ? refusal : new Error(WORDS[refusal.name] ?? "This device cannot do that here.");
  }
}

const Notice = ({ problem }) => (problem.status ? html`<${ProblemNotice} problem=${problem} />`
  : html`<div class="notice bad" role="alert"><p>${problem.message}</p></div>`);

/** The settings' part. */
export function Passkeys() {
  const { data, problem, reload } = useThing(PATH);
  const [leaving, setLeaving] = useState(null); // the passkey that may be removed
  const [renaming, setRenaming] = useState(null);
  const [additions, setAdditions] = useState(0); // empties the form after each

  async function add({ name }) {
    const options = PublicKeyCredential.parseCreationOptionsFromJSON((await post(`${PATH}/options`)).data);
    const credential = await ask("create", { publicKey: options });
    await post(PATH, { name, credential });
    setAdditions((before) => before + 1);
    say("Your passkey is added. Next time you can sign in with it.");
    await reload();
  }

  async function drop(passkey) {
    setLeaving(null);
    try {
      await remove(`${PATH}/${passkey.id}`);
      say(`The passkey ${passkey.name} is removed. Delete it on the device as well.`);
      await reload();
    } catch (refusal) {
      say(refusal.message);
    }
  }

  async function rename({ name }) {
    await patch(`${PATH}/${renaming}`, { name }, "*");
    setRenaming(null);
    say("The passkey has its new name.");
    await reload();
  }

  const one = (passkey) => html`<li key=${passkey.id} class="card person">
    <span class="avatar"><${Icon} name="device" /></span>
    ${renaming === passkey.id
      ? html`<${Form} send=${rename} label="Rename ${passkey.name}" class="grow">
          <${Field} label="New name" name="name" value=${passkey.name} required maxlength="100" />
          <div class="row end"><button class="button small" type="button" onClick=${() => setRenaming(null)}>Cancel</button>
            <${Submit}>Save<//></div><//>`
      : html`<div class="grow"><p class="name">${passkey.name}</p>
          <p class="quiet">added <${Time} at=${passkey.created_at} /> · ${passkey.last_used_at
            ? html`used <${Time} at=${passkey.last_used_at} />` : "not used yet"}${passkey.backed_up ? " · copied to your other devices" : ""}</p></div>
        <div class="row"><button class="button small" type="button" aria-label="Rename ${passkey.name}" onClick=${() => setRenaming(passkey.id)}>Rename</button>
          <button class="button small" type="button" aria-label="Remove ${passkey.name}" onClick=${() => setLeaving(passkey)}>Remove</button></div>`}
  </li>`;

  if (!data) return html`<${Pending} problem=${problem} retry=${reload} rows=${2} />`;
  return html`
    <p>With a passkey you sign in by your device’s finger, face or PIN, without a password. Nobody can guess it or trick you out of it.</p>
    ${!data.items.length && html`<${Empty} title="No passkeys yet">Those you add are listed here.<//>`}
    <ul class="people" aria-label="Passkeys">${data.items.map(one)}</ul>
    ${canUsePasskeys && html`<section class="card"><h2>Add a passkey</h2>
      <${Form} key=${additions} send=${add} label="Add a passkey" explain=${(refusal) => html`<${Notice} problem=${refusal} />`}>
        <${Field} label="Name" name="name" value=${nameOf(navigator.userAgent)} required maxlength="100" hint="To tell it from others." />
        <div class="row end"><${Submit}>Add a passkey<//></div>
      <//></section>`}
    ${!canUsePasskeys && html`<${NotHere} />`}
    ${leaving && html`<${Confirm} title="Remove ${leaving.name}?" action="Remove" onYes=${() => drop(leaving)} onNo=${() => setLeaving(null)}>
      It will not sign in any more.<//>`}`;
}

function NotHere() {
  const local = `http://localhost:${location.port}/settings/passkeys`;
  if (isThisMachine) {
    return html`<div class="notice"><p>Browsers make no passkeys for an address of numbers.
      Open <a href=${local}>${local}</a> instead, and sign in there.</p></div>`;
  }
  return html`<div class="notice"><p>${isAtAddress
    ? "Browsers make no passkeys for an address of numbers. Open this site by its name."
    : "This browser has no passkeys, or this page was not opened by https."}</p></div>`;
}

/** On the sign-in page: passkeys among the suggestions for the address (where the browser has that), and a button. */
export function PasskeyEntry({ onDone }) {
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const [turn, setTurn] = useState(0);
  const offer = useRef(null);

  async function enter(more) {
    const options = PublicKeyCredential.parseRequestOptionsFromJSON((await post("/auth/sign-in/passkey/options")).data);
    onDone(await signInByPasskey(await ask("get", { publicKey: options, ...more })));
  }

  useEffect(() => {
    if (!canUsePasskeys || busy) return () => {};
    offer.current = new AbortController();
    const { signal } = offer.current;
    const suggest = async () => {
      if (!(await PublicKeyCredential.isConditionalMediationAvailable?.()) || signal.aborted) return;
      await enter({ mediation: "conditional", signal });
    };
    suggest().catch((refusal) => signal.aborted || setProblem(refusal));
    const timer = setTimeout(() => setTurn((before) => before + 1), OFFERED_MS);
    return () => (clearTimeout(timer), offer.current.abort());
  }, [turn, busy]);

  async function press() {
    offer.current?.abort(); // a page has one request at a time
    setBusy(true);
    setProblem(null);
    try {
      await enter({});
    } catch (refusal) {
      setProblem(refusal);
      setBusy(false); // offers the suggestions again
    }
  }

  if (!canUsePasskeys) return null;
  return html`${problem && html`<${Notice} problem=${problem} />`}
    <button class="button" type="button" disabled=${busy} onClick=${press}>Sign in with a passkey</button>`;
}
