// For admins: one account, how it signs in, where it is signed in, and what can be done about it.
import { patch, post } from "../api.js";
import { html, useState } from "../dom.js";
import { usePages, useThing } from "../data.js";
import { ROLES, useMe } from "../me.js";
import { say } from "../messages.js";
import { counted, Empty, Pending, Time } from "../ui.js";
import { AuditLines } from "./admin-audit.js";
import { Marks } from "./admin-people.js";
import { nameOf } from "./devices.js";
import { Listed } from "./lists.js";
import { AskReason } from "./reason.js";

export function ManagedPerson({ id }) {
  const path = `/auth/accounts/${id}`;
  const { data: account, etag, problem, reload } = useThing(path);
  const [act, setAct] = useState(null);
  const [acts, setActs] = useState(0); // loads the lists below again after each
  if (!account) return html`<${Pending} problem=${problem} retry=${reload} rows=${2} tall />`;

  async function send(reason) {
    await act.send(reason);
    say(act.done);
    setActs(acts + 1);
    await reload();
  }
  return html`
    <section class="card" aria-labelledby="person-name"><h2 id="person-name">${account.name || `Account ${account.id}`} <${Marks} account=${account} /></h2>
      <p>${account.email ? html`${account.email}, ${account.email_verified ? "confirmed" : "not confirmed"}` : "No address any more"}</p>
      <p class="quiet">Account ${account.id} · joined <${Time} at=${account.created_at} /></p>
      <${Acts} account=${account} etag=${etag} path=${path} ask=${setAct} />
    </section>
    <${SignInMethods} key=${`methods-${acts}`} path=${path} ask=${setAct} />
    <${Sessions} key=${`sessions-${acts}`} path=${path} ask=${setAct} />
    <section class="card"><h2>Audit trail</h2><${AuditLines} key=${`audit-${acts}`} query=${{ account_id: account.id }} /></section>
    ${act && html`<${AskReason} ...${act} send=${send} onEnd=${() => setAct(null)}>${act.text}<//>`}`;
}

/** `ask` shows the question before an act: its title, text and button, how it is sent, and what is said when it is done. */
function Acts({ account, etag, path, ask }) {
  const { account: me } = useMe();
  if (!["active", "disabled"].includes(account.status)) return html`<p>This account can no longer be changed.</p>`;
  const name = account.name;
  const change = (changes) => (reason) => patch(path, { ...changes, reason }, etag);
  const disable = { title: `Disable ${name}?`, action: "Disable", danger: true, text: "All devices are signed out, and nobody can sign in until the account is enabled again.",
    send: change({ status: "disabled" }), done: `${name} is disabled.` };
  const enable = { title: `Enable ${name}?`, action: "Enable", text: "They can sign in again.", send: change({ status: "active" }), done: `${name} is enabled.` };
  const signOut = { title: `Sign ${name} out everywhere?`, action: "Sign out", text: "All sessions end, and API keys are revoked. They can sign in again.",
    send: (reason) => post(`${path}/sign-out`, { reason }), done: `${name} is signed out everywhere.` };
  const drop = { title: `Delete ${name}'s account?`, action: "Delete for good", danger: true, text: "All services delete everything of theirs. This cannot be undone.",
    send: (reason) => post(`${path}/deletion`, { reason }), done: `${name}'s account is being deleted.` };
  const turn = (role) => {
    const has = account.roles.includes(role);
    const roles = has ? account.roles.filter((one) => one !== role) : [...account.roles, role];
    const title = has ? `Take the role ${role} from ${name}?` : `Give ${name} the role ${role}?`;
    return { title, action: has ? "Take" : "Give", label: has ? `No longer ${role}` : `Make ${role}`, text: "It holds within seconds.",
      send: change({ roles }), done: "The roles are changed." };
  };
  const button = (what, text) => html`<button key=${text} class="button small ${what.danger ? "danger" : ""}" type="button" onClick=${() => ask(what)}>${text}</button>`;
  return html`<div class="row">
    ${ROLES.map(turn).map((what) => button(what, what.label))}
    ${button(signOut, "Sign out everywhere")}
    ${account.status === "active" ? button(disable, "Disable") : button(enable, "Enable")}
    ${me?.id !== account.id && button(drop, "Delete")}
  </div>`;
}

/** A heading over a list of short lines. */
const Known = ({ title, items, line }) => html`<h3>${title}</h3>
  ${items.length ? html`<ul class="plain-list">${items.map((item, place) => html`<li key=${place}>${line(item)}</li>`)}</ul>` : html`<p class="quiet">None</p>`}`;

const used = (at) => (at ? html`used <${Time} at=${at} />` : "never used");

function SignInMethods({ path, ask }) {
  const { data, problem, reload } = useThing(`${path}/sign-in-methods`);
  if (!data) return html`<${Pending} problem=${problem} retry=${reload} rows=${2} />`;
  const { second_factor: factor } = data;
  const reset = { title: "Reset the second factor?", action: "Reset", danger: true,
    text: "Only if you know that its owner asks. They are signed out, told by mail, and sign in without it.",
    send: (reason) => post(`${path}/second-factor/reset`, { reason }), done: "The second factor is reset." };
  return html`<section class="card" aria-labelledby="ways-in"><h2 id="ways-in">Ways to sign in</h2>
    <p>${data.has_password ? "A password" : "No password"} · ${counted(data.trusted_devices, "trusted device")}</p>
    <h3>Second factor</h3>
    ${factor.on
      ? html`<p>On since <${Time} at=${factor.since} />, ${counted(factor.recovery_codes_left, "recovery code")} left</p>
        <div class="row"><button class="button small danger" type="button" onClick=${() => ask(reset)}>Reset the second factor</button></div>`
      : html`<p class="quiet">Off</p>`}
    <${Known} title="Passkeys" items=${data.passkeys} line=${(key) => html`${key.name} · added <${Time} at=${key.created_at} /> · ${used(key.last_used_at)}`} />
    <${Known} title="Providers" items=${data.identities} line=${(one) => html`${one.provider}${one.email && `, as ${one.email}`} · ${used(one.last_used_at)}`} />
    <${Known} title="API keys" items=${data.api_keys} line=${(key) => html`${key.name} (${key.scopes.join(", ")}) · ${key.expired ? "expired" : used(key.last_used_at)}`} />
  </section>`;
}

function Sessions({ path, ask }) {
  const pages = usePages(`${path}/sessions`);
  const end = (session) => ({ title: `Sign out ${nameOf(session.user_agent)}?`, action: "Sign out", text: "This device is signed out within seconds.",
    send: (reason) => post(`${path}/sign-out`, { session_id: session.id, reason }), done: "The device is signed out." });
  const one = (session) => html`<li key=${session.id} class="row spread"><span>${nameOf(session.user_agent)}
      <span class="quiet small"> ${session.ip} · signed in <${Time} at=${session.created_at} /> · used <${Time} at=${session.last_used_at} /></span></span>
    <button class="button small" type="button" aria-label="Sign out ${nameOf(session.user_agent)}" onClick=${() => ask(end(session))}>Sign out</button></li>`;
  return html`<section class="card"><h2>Sessions</h2>
    <${Listed} pages=${pages} line=${one} rows=${1} class="plain-list" aria-label="Sessions">
      <${Empty} title="Nowhere signed in">No session is open.<//><//></section>`;
}
