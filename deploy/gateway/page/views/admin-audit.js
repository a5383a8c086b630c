// For admins: the audit trail.
import { html } from "../dom.js";
import { usePages } from "../data.js";
import { Field } from "../form.js";
import { link } from "../router.js";
import { Empty, Time } from "../ui.js";
import { Choice, Filters } from "./admin-people.js";
import { Listed } from "./lists.js";

/** The kinds of lines, as `services/audit.py` of auth has them. */
const ACTIONS = [
  "account-deleted", "account-deletion-asked", "all-sessions-ended", "api-key-created", "api-key-revoked",
  "content-removed", "device-trusted", "email-change-requested", "email-changed", "email-verification-sent",
  "email-verified", "event-dropped", "event-replayed", "identity-linked", "identity-unlinked", "key-activated",
  "key-created", "key-retired", "key-revoked", "locale-changed", "other-sessions-ended", "passkey-added",
  "passkey-copied", "passkey-removed", "password-changed", "password-refused", "password-reset",
  "password-reset-requested", "recovery-code-used", "recovery-codes-made", "refresh-token-reissued",
  "refresh-token-reused", "registered", "reports-dismissed", "roles-changed", "second-factor-asked", "second-factor-off",
  "second-factor-on", "second-factor-refused", "second-factor-reset", "service-secret-changed", "session-ended",
  "sign-in-code-sent", "sign-in-refused", "sign-in-throttled", "signed-in", "signed-out", "status-changed",
  "stepped-up", "tokens-revoked", "trusted-device-ended", "username-changed",
];

/** Local time, as an input holds it, in the API's form. */
const inUtc = (text) => (text && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : "");

export function AuditTrail({ query }) {
  const { account_id, action, actor, since, until } = query;
  return html`
    <${Filters} path="/admin/audit" label="Filter the audit trail" action="Show">
      <${Field} label="Account" name="account_id" value=${account_id} inputmode="numeric" pattern="[0-9]{1,16}" autocomplete="off" hint="The id of whom it concerns." />
      <${Field} label="Actor" name="actor" value=${actor} maxlength="50" autocomplete="off" hint="An id, “server” or “anonymous”." />
      <${Choice} label="Action" name="action" values=${ACTIONS} value=${action} />
      <${Field} label="From" name="since" type="datetime-local" value=${since} />
      <${Field} label="To" name="until" type="datetime-local" value=${until} />
    <//>
    <${AuditLines} query=${{ account_id, action, actor, from: inUtc(since), to: inUtc(until) }} />`;
}

const person = (id) => html`<a href=${link(`/admin/people/${id}`)}>${id}</a>`;
const written = (value) => (Array.isArray(value) ? value.join(", ") || "none" : String(value ?? "none"));

export function AuditLines({ query }) {
  const one = (line) => html`<li key=${line.id}>
    <p><b>${line.action}</b> <span class="quiet small"><${Time} at=${line.at} /></span></p>
    <p class="quiet small">${line.account_id && html`account ${person(line.account_id)} · `}by ${
      /^[0-9]+$/.test(line.actor) ? person(line.actor) : line.actor}${line.ip && ` · from ${line.ip}`}</p>
    <ul class="details">${Object.entries(line.detail).map(([name, value]) => html`<li key=${name}><span class="quiet">${name}:</span> ${written(value)}</li>`)}</ul>
  </li>`;
  return html`<${Listed} pages=${usePages("/auth/audit", query)} line=${one} as="ol" class="trail" aria-label="Lines of the audit trail">
    <${Empty} title="No such line">Nothing in the trail fits.<//><//>`;
}
