// Signing up and in, and the targets of mailed links.
import { post, IdempotencyKey } from "../api.js";
import { html, useEffect, useMemo, useState } from "../dom.js";
import { Email, Field, Form, Password, Submit } from "../form.js";
import { useMe } from "../me.js";
import { say } from "../messages.js";
import { link, mailedToken, replace } from "../router.js";
import { signIn } from "../session.js";
import { isBlocked } from "../storage.js";
import { Empty } from "../ui.js";
import { Door, onwards, useArrival } from "./arrival.js";
import { MailCodeOffer } from "./mail-code.js";
import { PasskeyEntry } from "./passkeys.js";
import { ProviderButtons } from "./providers.js";

const NotKept = () => isBlocked && html`<p class="hint center">This browser keeps no data for this page, so you stay signed in only until you
  close or reload it.</p>`;

/** Ways beside the password, behind a line. Without any there is no line. */
const OtherWays = ({ children }) => html`<div class="ways"><p class="or">or</p>${children}</div>`;

export function SignInPage({ query }) {
  const [second, arrive] = useArrival(query.next);
  const send = async ({ email, password }) => arrive(await signIn(email, password));
  if (second) return second;
  const foot = html`New here? <a href=${link("/sign-up", { next: query.next })}>Create an account</a>`;
  return html`<${Door} title="Welcome back" foot=${foot}>
    <${Form} send=${send} label="Sign in" explain=${wrongPassword}>
      <${Email} autocomplete="username webauthn" /><${Password} />
      <${Submit}>Sign in<//>
    <//>
    <p class="row spread small"><a href=${link("/forgot")}>Forgot your password?</a>
      <a href=${link("/unconfirmed")}>Address not confirmed?</a></p>
    <${OtherWays}>
      <${PasskeyEntry} onDone=${arrive} />
      <${ProviderButtons} next=${query.next} />
      <${MailCodeOffer} next=${query.next} />
    <//>
    <${NotKept} />
  <//>`;
}

/** The server does not tell which of the two was wrong, and neither do we. */
const wrongPassword = (problem) => problem.code === "wrong-credentials" && html`<div class="notice bad" role="alert">
  <p>Email or password is not right.</p></div>`;

export function SignUpPage({ query }) {
  const key = useMemo(() => new IdempotencyKey(), []);
  const [sentTo, setSentTo] = useState("");
  async function send({ name, email, password }) {
    await post("/auth/register", { name, email, password }, key);
    try {
      await signIn(email, password);
    } catch (problem) {
      // The password was just chosen, so the address must be verified first (REQUIRE_VERIFIED_EMAIL).
      if (problem.code === "wrong-credentials") return setSentTo(email);
      throw problem;
    }
    say(`Welcome, ${name}!`);
    onwards(query.next);
  }
  const foot = html`Already have an account? <a href=${link("/sign-in", { next: query.next })}>Sign in</a>`;
  if (sentTo) {
    return html`<${Door} title="Look into your mail" foot=${html`<a href=${link("/sign-in", { next: query.next })}>Sign in</a>`}>
      <p>We have sent a link to <b>${sentTo}</b>. Open it to confirm your address, then sign in.</p><//>`;
  }
  return html`<${Door} title="Create your account" foot=${foot}>
    <${Form} send=${send} label="Create an account">
      <${Field} label="Name" name="name" required maxlength="100" autocomplete="name" hint="As others will see it." />
      <${Email} /><${Password} isNew />
      <${Submit}>Create account<//>
    <//>
    <${OtherWays}><${ProviderButtons} next=${query.next} /><//>
    <${NotKept} />
  <//>`;
}

/** Request a mailed link. The answer does not tell whether there is such an account. */
function LinkWanted({ path, title, label, sent, children }) {
  const [sentTo, setSentTo] = useState("");
  async function send({ email }) {
    await post(path, { email });
    setSentTo(email);
  }
  const foot = html`<a href=${link("/sign-in")}>Back to sign-in</a>`;
  if (sentTo) {
    return html`<${Door} title="Look into your mail" foot=${foot}>
      <p>If there is an account with <b>${sentTo}</b>, ${sent}</p><//>`;
  }
  return html`<${Door} title=${title} foot=${foot}>
    <p>${children}</p>
    <${Form} send=${send} label=${label}><${Email} /><${Submit}>Send the link<//><//>
  <//>`;
}

export const ForgotPage = () => html`<${LinkWanted} path="/auth/password-reset" title="Forgot your password?" label="Forgot password"
  sent="a link to choose a new password is on its way. It works for an hour.">
  We send you a link with which you choose a new one.<//>`;

export const UnconfirmedPage = () => html`<${LinkWanted} path="/auth/verify-email" title="Confirm your address" label="Confirm address"
  sent="a link that confirms the address is on its way.">
  We send you the link again. Open it, then sign in.<//>`;

/** `/#password-reset=…` */
export function ResetPage() {
  const token = mailedToken();
  async function send({ new_password }) {
    await post("/auth/password-reset/confirm", { token, new_password });
    say("Your password is changed. Sign in with the new one.");
    replace("/sign-in");
  }
  if (!token) return html`<${Stale} />`;
  return html`<${Door} title="Choose a new password" foot="All your devices will be signed out.">
    <${Form} send=${send} label="Choose a new password"><${Password} isNew label="New password" name="new_password" />
      <${Submit}>Change password<//><//>
  <//>`;
}

/** `/#verify-email=…` */
export const VerifyPage = () => html`<${Mailed} path="/auth/verify-email/confirm" title="Confirm your address"
  action="Confirm my address" done="Your address is confirmed" thanks="Thank you."
  used="If you have confirmed your address before, there is nothing left to do.">
  Is it you who signed up with this address? If not, close this page: nothing happens then.<//>`;

/** `/#email-change=…` */
export const EmailChangePage = () => html`<${Mailed} path="/auth/email/confirm" title="Confirm your new address"
  action="Use this address" done="Your address is changed" thanks="From now on you sign in with the new one."
  used="If your account has the new address already, there is nothing left to do.">
  Do you want to sign in with the address that this link was sent to? If not, close this page: nothing changes then.<//>`;

const Onwards = () => (useMe().signedIn
  ? html`<a href=${link("/")}>Go on</a>.`
  : html`<a href=${link("/sign-in")}>Sign in</a>.`);

/** Links that are being confirmed. Outside of the component, since the end of a session renders the page again. */
const confirming = new Map();

/** Confirms a link by a button: mail scanners load linked pages, and run their scripts. */
function Mailed({ path, title, action, done, thanks, used, children }) {
  const token = mailedToken();
  const { reload } = useMe();
  const name = `${path} ${token}`;
  const [isDone, setDone] = useState(false);
  async function send() {
    confirming.set(name, post(path, { token }));
    await confirming.get(name);
    setDone(true);
    reload(); // the banner may disappear
  }
  useEffect(() => void confirming.get(name)?.then(() => setDone(true), () => {}), []); // refused: the button stays
  const explain = (problem) => problem.code === "link-not-valid" && html`<div class="notice bad" role="alert">
    <p>${problem.message} ${used}</p></div>`;
  if (!token) return html`<${Stale} />`;
  if (isDone) return html`<h1>Done</h1><${Empty} title=${done}>${thanks} <${Onwards} /><//>`;
  return html`<${Door} title=${title}>
    <${Form} send=${send} label=${title} explain=${explain}><p>${children}</p><${Submit}>${action}<//><//><//>`;
}

/** There is no token: the link was damaged, or the page was reloaded. */
const Stale = () => html`<h1>Open the link again</h1>${mailedToken() === null
  ? html`<${Empty} title="The link is not here any more">For your safety it is not kept. Open it once more from the mail.<//>`
  : html`<${Empty} title="The link is not complete">Copy the whole of it from the mail, or ask for another one.<//>`}`;
