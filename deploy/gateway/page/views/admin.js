// For admins: people, the audit trail, and parked events. All of it uses the public API.
import { html } from "../dom.js";
import { isAdmin, useMe } from "../me.js";
import { link } from "../router.js";
import { Empty, Pending } from "../ui.js";
import { AuditTrail } from "./admin-audit.js";
import { ParkedEvents } from "./admin-events.js";
import { FindPeople } from "./admin-people.js";
import { ManagedPerson } from "./admin-person.js";
import { Tabs } from "./lists.js";

const PARTS = [["People", "people", FindPeople], ["Audit trail", "audit", AuditTrail], ["Parked events", "events", ParkedEvents]];
const TABS = PARTS.map(([text, name]) => [text, link(`/admin/${name}`)]);

/** Shown to admins only. The API decides: others would be refused there. */
function ForAdmins({ part, children }) {
  const { account, problem, reload } = useMe();
  if (!account) return html`<h1 class="hidden">Administration</h1><${Pending} problem=${problem} retry=${reload} />`;
  if (!isAdmin(account)) {
    return html`<h1>Administration</h1><${Empty} title="Only for admins">Ask one of them for what you need.<//>`;
  }
  return html`<h1>Administration</h1>
    <${Tabs} tabs=${TABS} current=${link(`/admin/${part}`)} label="Administration" />${children}`;
}

export function AdminPage({ part = "people", query }) {
  const [, name, view] = PARTS.find(([, known]) => known === part) ?? PARTS[0];
  return html`<${ForAdmins} part=${name}><${view} query=${query} /><//>`;
}

export const AdminPersonPage = ({ id }) => html`<${ForAdmins} part="people"><${ManagedPerson} id=${id} /><//>`;
