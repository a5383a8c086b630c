// Deleting the account.
import { post } from "../api.js";
import { html, useState } from "../dom.js";
import { Form } from "../form.js";
import { say } from "../messages.js";
import { go } from "../router.js";
import { signOut } from "../session.js";
import { OwnPassword } from "./own-password.js";

const LOST = [
  "Your profile, and whom you follow and block, are deleted on all devices, for good.",
  " So are your posts, drafts and likes. Comments you left under other people's posts stay, without your name.", // only with posts
];

export function DeleteAccount() {
  const [asks, setAsks] = useState(false);

  async function drop({ password }) {
    await post("/auth/account/deletion", { password });
    go("/"); // first: this route would ask to sign in again
    await signOut().catch(() => {}); // it may fail: the session was deleted with the account
    say("Your account is deleted.");
  }

  return html`<section class="card"><h2>Delete account</h2>
    <p>${LOST}</p>
    ${!asks && html`<div class="row end">
      <button class="button" type="button" onClick=${() => setAsks(true)}>Delete my account</button></div>`}
    ${asks && html`<${Form} send=${drop} label="Delete account">
      <p><b>This cannot be undone.</b> You may want to download your data first.</p>
      <${OwnPassword} />
      <div class="row end">
        <button class="button" type="button" onClick=${() => setAsks(false)}>Cancel</button>
        <button class="button danger" type="submit">Delete for good</button></div>
    <//>`}</section>`;
}
