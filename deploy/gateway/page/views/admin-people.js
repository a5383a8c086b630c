// For admins: finding accounts.
import { html } from "../dom.js";
import { usePages } from "../data.js";
import { Field, Submit } from "../form.js";
import { ROLES } from "../me.js";
import { go, link } from "../router.js";
import { Avatar, Empty, Time } from "../ui.js";
import { Listed } from "./lists.js";

const STATES = ["active", "disabled", "deleting", "deleted"];

/** A choice of one value, or of any. */
export function Choice({ label, name, values, value = "" }) {
  return html`<div class="field"><label for=${`choose-${name}`}>${label}</label>
    <select id=${`choose-${name}`} name=${name}>
      <option value="">Any</option>
      ${values.map((one) => html`<option key=${one} value=${one} selected=${one === value}>${one}</option>`)}
    </select></div>`;
}

/** The fields of a form that filter a list; the address keeps them. */
export function Filters({ path, label, action, children }) {
  function show(event) {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.target));
    go(path, Object.fromEntries(Object.entries(given).map(([name, text]) => [name, text.trim()])));
  }
  return html`<form class="card filters" aria-label=${label} onSubmit=${show}>
    ${children}<div class="row end"><${Submit}>${action}<//></div></form>`;
}

/** The account's roles and status, where they are not as most people's. */
export const Marks = ({ account }) => html`${account.roles.map((role) => html` <span key=${role} class="badge">${role}</span>`)}
  ${account.status !== "active" && html` <span class="badge">${account.status}</span>`}`;

export function FindPeople({ query }) {
  const { q = "", status = "", role = "" } = query;
  const pages = usePages("/auth/accounts", { q, status, role });
  const one = (account) => html`<li key=${account.id} class="card person">
    <${Avatar} person=${account} />
    <div class="grow"><a class="name" href=${link(`/admin/people/${account.id}`)}>${account.name || `Account ${account.id}`}</a>
      <p class="quiet clip">${account.email || "no address any more"} · joined <${Time} at=${account.created_at} /></p></div>
    <span><${Marks} account=${account} /></span>
  </li>`;
  return html`
    <${Filters} path="/admin/people" label="Find people" action="Find">
      <${Field} label="Name, address or id" name="q" type="search" value=${q} minlength="3" maxlength="100" autocomplete="off"
        hint="At least three characters." />
      <${Choice} label="Status" name="status" values=${STATES} value=${status} />
      <${Choice} label="Role" name="role" values=${ROLES} value=${role} />
    <//>
    <${Listed} pages=${pages} line=${one} class="people" aria-label="Accounts">
      <${Empty} title="Nobody found">Try a part of the name or of the address.<//><//>`;
}
