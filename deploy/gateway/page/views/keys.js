// The user's API keys: with one, a program uses the account without a password.
import { post, remove } from "../api.js";
import { html, useState } from "../dom.js";
import { useThing } from "../data.js";
import { Field, Form, Submit } from "../form.js";
import { say } from "../messages.js";
import { Confirm, Empty, Pending, Time } from "../ui.js";

const METADATA = "/.well-known/oauth-authorization-server"; // lists the scopes
const ALL = "api"; // the scope of people, which no key has

export function Keys() {
  const { data, problem, reload } = useThing("/auth/keys");
  const [created, setCreated] = useState(null);
  const [asks, setAsks] = useState(null);

  async function revoke() {
    try {
      await remove(`/auth/keys/${asks.id}`);
      if (created?.id === asks.id) setCreated(null);
      say("The key is revoked.");
    } catch (caught) {
      say(caught.message);
    }
    setAsks(null);
    await reload();
  }

  const one = (key) => html`<li key=${key.id} class="card person">
    <div class="grow"><p class="name">${key.name}</p>
      <p class="quiet">${key.scopes.join(", ")}</p>
      <p class="quiet">created <${Time} at=${key.created_at} /> · ${
        key.last_used_at ? html`used <${Time} at=${key.last_used_at} />` : "never used"} · ${
        key.expires_at ? html`${key.expired ? "expired" : "expires"} ${key.expires_at.slice(0, 10)}` : "never expires"}</p></div>
    <button class="button small" type="button" aria-label="Revoke ${key.name}" onClick=${() => setAsks(key)}>Revoke</button>
  </li>`;
  return html`
    ${created && html`<${Shown} made=${created} onDone=${() => setCreated(null)} />`}
    <${NewKey} onCreated=${(made) => (setCreated(made), reload())} />
    ${!data && html`<${Pending} problem=${problem} retry=${reload} rows=${2} />`}
    ${data && html`<ul class="people" aria-label="API keys">${data.items.map(one)}</ul>`}
    ${data?.items.length === 0 && html`<${Empty} title="No API keys">
      A program of yours, such as a nightly import, needs one. People sign in with their password.<//>`}
    ${asks && html`<${Confirm} title="Revoke ${asks.name}?" action="Revoke" onYes=${revoke} onNo=${() => setAsks(null)}>
      Programs that use this key have no access any more. This cannot be undone.<//>`}`;
}

/** The key's text, which the server shows only once. */
function Shown({ made, onDone }) {
  async function copy() {
    try {
      await navigator.clipboard.writeText(made.key);
      say("The key is copied.");
    } catch {
      say("Your browser does not let us copy. Select the key, and copy it yourself.");
    }
  }
  return html`<section class="card" aria-label="Your new key"><h2>Your new key “${made.name}”</h2>
    <p>Copy it now, to a place that only your program can read. <b>It is not shown again.</b></p>
    <${Field} label="Key" name="key" value=${made.key} readonly autocomplete="off" spellcheck="false"
      onFocus=${(event) => event.target.select()} />
    <div class="row end">
      <button class="button" type="button" onClick=${onDone}>Done</button>
      <button class="button primary" type="button" onClick=${copy}>Copy</button></div>
  </section>`;
}

function NewKey({ onCreated }) {
  const { data, problem, reload } = useThing(METADATA);
  const [made, setMade] = useState(0); // empties the fields after each creation
  if (!data) return html`<${Pending} problem=${problem} retry=${reload} rows=${2} tall />`;
  const scopes = data.scopes_supported.filter((scope) => scope !== ALL);

  async function create({ name, expires_in_days, ...rest }) {
    const chosen = scopes.filter((scope) => scope in rest);
    const body = { name, scopes: chosen, expires_in_days: Number(expires_in_days) };
    const { data: key } = await post("/auth/keys", body);
    setMade(made + 1);
    onCreated(key);
    say("The key is created.");
  }

  return html`<section class="card"><h2>New API key</h2>
    <${Form} key=${made} send=${create} label="New API key" explain=${noScope}>
      <${Field} label="Name" name="name" required maxlength="100" autocomplete="off" hint="What it is for, such as “nightly import”." />
      <div role="group" aria-labelledby="key-scopes" class="field">
        <p class="label" id="key-scopes">What it may do</p>
        ${scopes.map((scope) => html`<label key=${scope} class="choice"><input type="checkbox" name=${scope} />${scope}</label>`)}
      </div>
      <${Field} label="Days until it expires" name="expires_in_days" type="number" min="1" max="365" value="90" required />
      <div class="row end"><${Submit}>Create key<//></div>
    <//></section>`;
}

const noScope = ({ errors }) => errors?.some(({ loc }) => loc[1] === "scopes") && html`<div class="notice bad" role="alert">
  <p>Choose at least one thing that the key may do.</p></div>`;
