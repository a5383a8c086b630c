// The account's private settings.
import { download, patch, post, remove } from "../api.js";
import { html, useState } from "../dom.js";
import { Email, Field, Form, Password, Submit } from "../form.js";
import { useThing } from "../data.js";
import { AskAgain, SignOut } from "../frame.js";
import { useMe } from "../me.js";
import { say } from "../messages.js";
import { PictureField } from "../pictures.js";
import { link } from "../router.js";
import { Avatar, Empty, Pending, ProblemNotice, Skeleton } from "../ui.js";
import { Changed } from "./changed.js";
import { DeleteAccount } from "./deletion.js";
import { Tabs } from "./lists.js";
import { People } from "./people.js";
import { Devices } from "./devices.js";
import { Keys } from "./keys.js";
import { OwnPassword, useHasPassword } from "./own-password.js";
import { Passkeys } from "./passkeys.js";
import { Identities } from "./providers.js";
import { SecondFactor } from "./second-factor.js";

const PARTS = [["Profile", "profile"], ["Account", "account"], ["Passkeys", "passkeys"], ["Devices", "devices"], ["API keys", "keys"],
  ["Blocked", "blocked"], ["Your data", "data"]];
/** There are mails in these. */
const LANGUAGES = [["en", "English"], ["de", "Deutsch"], ["es", "Español"], ["fr", "Français"], ["ja", "日本語"]];
const VIEWS = { profile: Profile, account: Account, passkeys: Passkeys, devices: Devices, keys: Keys, blocked: Blocked, data: YourData };

export function SettingsPage({ part = "profile" }) {
  const tabs = PARTS.map(([text, name]) => [text, link(`/settings/${name}`)]);
  const view = VIEWS[part] ?? Profile;
  return html`<h1>Settings</h1><${Tabs} tabs=${tabs} current=${link(`/settings/${part}`)} label="Settings" /><${view} />`;
}

function Profile() {
  const { reload: reloadMe } = useMe();
  const { data: mine, etag, problem, reload, show } = useThing("/users/me");
  if (problem) return html`<${ProblemNotice} problem=${problem} retry=${reload} />`;
  if (!mine) return html`<${Skeleton} rows=${2} tall />`;

  async function save(change, done, ifMatch = null) {
    const answer = await patch("/users/me", change, ifMatch);
    show(answer.data, answer.etag);
    say(done);
    await reloadMe();
  }
  const send = ({ name, bio }) => save({ name, bio }, "Your profile is saved.", etag);

  return html`<${Picture} mine=${mine} save=${save} />
    <${Form} key=${JSON.stringify([mine.name, mine.bio])} send=${send} label="Profile" class="card"
      explain=${(refusal) => refusal.status === 412 && html`<${Changed} onLoad=${reload} />`}>
    <${Field} label="Name" name="name" value=${mine.name} required maxlength="100" autocomplete="name" />
    <${Field} long label="About you" name="bio" value=${mine.bio} maxlength="1000" rows="4" />
    <div class="row end"><${Submit}>Save<//></div>
  <//>`;
}

function Picture({ mine, save }) {
  const [problem, setProblem] = useState(null);
  const drop = () => save({ avatar_url: null }, "Your picture is removed.").catch(setProblem);
  return html`<section class="card" aria-label="Picture">
    <p class="row"><${Avatar} person=${mine} size="large" />
      ${mine.avatar_url && html`<button class="button small" type="button" onClick=${drop}>Remove picture</button>`}</p>
    ${problem && html`<${ProblemNotice} problem=${problem} />`}
    <${PictureField} label="Picture" service="users" onPicture=${({ url }) => save({ avatar_url: url }, "Your picture is saved.")} />
  </section>`;
}

function Account() {
  const { account, problem, reload } = useMe();
  const hasPassword = useHasPassword();
  const [changes, setChanges] = useState(0); // empties the fields after each change
  async function changePassword({ current_password, new_password }) {
    await post("/auth/password", { current_password, new_password });
    setChanges(changes + 1);
    const done = hasPassword ? "Your password is changed" : "You have a password now";
    say(`${done}, other devices are signed out, and API keys are revoked.`);
    if (!hasPassword) await reload();
  }
  async function changeEmail({ email, password }) {
    await post("/auth/email", { email, password });
    setChanges(changes + 1);
    say(`We have sent a link to ${email}. Your address changes when you open it and confirm.`);
  }
  async function changeLanguage({ locale }) {
    await patch("/auth/me", { locale: locale || null });
    say("The language of mails is saved.");
    await reload();
  }
  if (!account) return html`<${Pending} problem=${problem} retry=${reload} rows=${2} tall />`;
  const passwordAction = hasPassword ? "Change password" : "Choose a password";
  const isKnown = !account.locale || LANGUAGES.some(([tag]) => tag === account.locale);
  const languages = isKnown ? LANGUAGES : [...LANGUAGES, [account.locale, account.locale]]; // chosen elsewhere
  return html`
    <section class="card"><h2>Password</h2>
      ${!hasPassword && html`<p>You have none. With one, you can also sign in by your address.</p>`}
      <${Form} key="password-${changes}" send=${changePassword} label=${passwordAction}>
        <input class="hidden" type="email" autocomplete="username" aria-hidden="true" tabindex="-1" readonly value=${account.email} />
        ${hasPassword && html`<${Password} label="Current password" name="current_password" />`}
        <${Password} label="New password" name="new_password" isNew />
        <div class="row end"><${Submit}>${passwordAction}<//></div>
      <//></section>
    <${SecondFactor} />
    <section class="card"><h2>Email</h2>
      <p>You sign in with <b>${account.email}</b>. ${account.email_verified ? "It is confirmed." : html`It is not confirmed yet. <${AskAgain} />`}</p>
      <${Form} key="email-${changes}" send=${changeEmail} label="Change email">
        <${Email} label="New email" autocomplete="email" /><${OwnPassword} label="Password" />
        <div class="row end"><${Submit}>Change email<//></div>
      <//></section>
    <${Identities} />
    <section class="card"><h2>Language</h2>
      <${Form} send=${changeLanguage} label="Language">
        <div class="field"><label for="locale">Language of mails</label>
          <select id="locale" name="locale">
            <option value="">The language of this site</option>
            ${languages.map(([tag, name]) => html`<option value=${tag} lang=${tag} selected=${tag === account.locale}>${name}</option>`)}
          </select></div>
        <div class="row end"><${Submit}>Save language<//></div>
      <//></section>
    <section class="card row spread"><h2>Sign out</h2><${SignOut} class="button" /></section>
    <${DeleteAccount} />`;
}

function Blocked() {
  const action = (person, drop) => {
    const unblock = async () => {
      try {
        await remove(`/users/${person.id}/block`);
        drop();
        say(`${person.name} is no longer blocked.`);
      } catch (problem) {
        say(problem.message);
      }
    };
    return html`<button class="button small" type="button" aria-label="Unblock ${person.name}" onClick=${unblock}>Unblock</button>`;
  };
  const why = [
    "People you block cannot follow you.",
    " They cannot comment on what you write either.", // only with posts
  ];
  return html`<${People} path="/users/me/blocks" label="Blocked people" action=${action}>
    <${Empty} title="Nobody is blocked">${why}<//><//>`;
}

/** What an export contains. */
const HELD = [
  "account, devices, profile, ",
  "posts, comments, likes, ", // only with posts
  "whom you follow and block",
];

function YourData() {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  async function fetchAll() {
    setBusy(true);
    setProblem(null);
    try {
      const address = URL.createObjectURL(await download("/users/me/export"));
      const anchor = Object.assign(document.createElement("a"), { href: address, download: "trivium-export.json" });
      anchor.click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
      say("Your data are in your downloads.");
    } catch (caught) {
      setProblem(caught);
    } finally {
      setBusy(false);
    }
  }
  return html`<section class="card"><h2>Export</h2>
    <p>Everything that is held about you: ${HELD}. One JSON file.</p>
    ${problem && html`<${ProblemNotice} problem=${problem} />`}
    <div class="row end"><button class="button primary" type="button" disabled=${busy} onClick=${fetchAll}>
      ${busy ? "Gathering…" : "Download my data"}</button></div></section>`;
}
