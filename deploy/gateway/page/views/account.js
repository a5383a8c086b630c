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
  <//>`;
}

/** The server does not say which of the two was wrong, and neither do we. */
const wrongPassword = (problem) => problem.code === "invalid-grant" && html`<div class="notice bad" role="alert">
  <p>Email or password is not right.</p></div>`;

export function SignUpPage({ query }) {
  const wish = useMemo(() => new Wish(), []);
  async function send({ name, email, password }) {
    await post("/auth/register", { name, email, password }, wish);
    await signIn(email, password);
    say(`Welcome, ${name}!`);
    onwards(query.next);
  }
  const foot = html`Already have an account? <a href=${link("/sign-in", { next: query.next })}>Sign in</a>`;
  return html`<${Door} title="Create your account" foot=${foot}>
    <${Form} send=${send} label="Create an account">
      <${Field} label="Name" name="name" required maxlength="100" autocomplete="name" hint="As others will see it." />
      <${Email} /><${Password} isNew />
      <${Submit}>Create account<//>
    <//>
  <//>`;
}

export function ForgotPage() {
  const [sentTo, setSentTo] = useState("");
  async function send({ email }) {
    await post("/auth/password-reset", { email });
    setSentTo(email);
  }
  const foot = html`<a href=${link("/sign-in")}>Back to sign-in</a>`;
  if (sentTo) {
    return html`<${Door} title="Look into your mail" foot=${foot}><p>If there is an account with <b>${sentTo}</b>, a link to
      choose a new password is on its way. It works for half an hour.</p><//>`;
  }
  return html`<${Door} title="Forgot your password?" foot=${foot}>
    <p>We send you a link with which you choose a new one.</p>
    <${Form} send=${send} label="Forgot password"><${Email} /><${Submit}>Send the link<//><//>
  <//>`;
}

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
  Thank you. <a href=${link("/")}>Go on reading</a>.<//>`;

/** `/#email-change=…` */
export const EmailChangedPage = () => html`<${Opened} path="/auth/email/confirm" title="Your address is changed">
  From now on you sign in with the new one. <a href=${link("/")}>Go on reading</a>.<//>`;

/** A link that works by being opened. */
function Opened({ path, title, children }) {
  const token = mailedToken();
  const { reload } = useMe();
  const [state, setState] = useState({ busy: true, problem: null });
  useEffect(() => {
    const done = (problem = null) => setState({ busy: false, problem });
    if (token) post(path, { token }).then(reload).then(() => done(), done);
  }, [path]);
  if (!token) return html`<${Stale} />`;
  if (state.busy) return html`<h1 class="hidden">One moment</h1><${Skeleton} rows=${1} />`;
  if (state.problem) return html`<h1>This did not work</h1><${ProblemNotice} problem=${state.problem} />`;
  return html`<h1>Done</h1><${Empty} title=${title}>${children}<//>`;
}

const Stale = () => html`<h1>Open the link again</h1><${Empty} title="The link is not here any more">
  For your safety it is not kept. Open it once more from the mail.<//>`;
