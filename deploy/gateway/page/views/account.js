// The way in: signing up and in, and what mails lead to.
import { post, Wish } from "../api.js";
import { html, useEffect, useMemo, useState } from "../dom.js";
import { Email, Field, Form, Password, Submit } from "../form.js";
import { useMe } from "../me.js";
import { link, mailedToken, replace } from "../router.js";
import { signIn } from "../session.js";
import { Empty, ProblemNotice, say, Skeleton } from "../ui.js";

/** Only places of this page: a link from elsewhere shall not lead away from here. */
const onwards = (next) => replace(next?.startsWith("/") ? next : "/");

function Door({ title, children, foot }) {
  return html`<div class="door"><h1>${title}</h1><div class="card">${children}</div><p class="center">${foot}</p></div>`;
}

export function SignInPage({ query }) {
  async function send({ email, password }) {
    await signIn(email, password);
    onwards(query.next);
  }
  const foot = html`New here? <a href=${link("/sign-up", { next: query.next })}>Create an account</a>`;
  return html`<${Door} title="Welcome back" foot=${foot}>
    <${Form} send=${send} label="Sign in" explain=${wrongPassword}>
      <${Email} /><${Password} />
      <${Submit}>Sign in<//>
    <//>
    <p class="center"><a href=${link("/forgot")}>Forgot your password?</a></p>
    <p class="center"><a href=${link("/unconfirmed")}>Address not confirmed?</a></p>
  <//>`;
}

/** The server does not say which of the two was wrong, and neither do we. */
const wrongPassword = (problem) => problem.code === "invalid-grant" && html`<div class="notice bad" role="alert">
  <p>Email or password is not right.</p></div>`;

export function SignUpPage({ query }) {
  const wish = useMemo(() => new Wish(), []);
  const [sentTo, setSentTo] = useState("");
  async function send({ name, email, password }) {
    await post("/auth/register", { name, email, password }, wish);
    try {
      await signIn(email, password);
    } catch (problem) {
      // The password is the one just chosen: here, addresses have to be proven first (REQUIRE_VERIFIED_EMAIL).
      if (problem.code === "invalid-grant") return setSentTo(email);
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
  <//>`;
}

/** Have a link mailed; whether there is such an account, nobody is told. */
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
export const VerifiedPage = () => html`<${Opened} path="/auth/verify-email/confirm" title="Your address is confirmed">
  Thank you. <${Onwards} /><//>`;

/** `/#email-change=…` */
export const EmailChangedPage = () => html`<${Opened} path="/auth/email/confirm" title="Your address is changed">
  From now on you sign in with the new one. <${Onwards} /><//>`;

const Onwards = () => (useMe().signedIn
  ? html`<a href=${link("/")}>Go on reading</a>.`
  : html`<a href=${link("/sign-in")}>Sign in</a>.`);

/** A link works once, and a session that turns out to be over draws the page anew: what came of each is kept out here. */
const opened = new Map();

function open(path, token) {
  const name = `${path} ${token}`;
  if (!opened.has(name)) {
    const answer = post(path, { token });
    answer.catch(() => opened.delete(name)); // it may be tried again
    opened.set(name, answer);
  }
  return opened.get(name);
}

/** A link that works by being opened. */
function Opened({ path, title, children }) {
  const token = mailedToken();
  const { reload } = useMe();
  const [state, setState] = useState({ busy: true, problem: null });
  async function load() {
    setState({ busy: true, problem: null });
    try {
      await open(path, token);
      setState({ busy: false, problem: null });
      reload(); // the banner may go
    } catch (problem) {
      setState({ busy: false, problem });
    }
  }
  useEffect(() => {
    if (token) load();
  }, [path]);
  if (!token) return html`<${Stale} />`;
  if (state.busy) return html`<h1 class="hidden">One moment</h1><${Skeleton} rows=${1} />`;
  const { problem } = state;
  const isFinal = [400, 409].includes(problem?.status); // the link does not work any more, or the address is taken
  if (problem) return html`<h1>This did not work</h1><${ProblemNotice} problem=${problem} retry=${!isFinal && load} />`;
  return html`<h1>Done</h1><${Empty} title=${title}>${children}<//>`;
}

const Stale = () => html`<h1>Open the link again</h1><${Empty} title="The link is not here any more">
  For your safety it is not kept. Open it once more from the mail.<//>`;
