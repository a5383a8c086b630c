// Signing in with a code that is sent by mail.
import { post } from "../api.js";
import { useThing } from "../data.js";
import { html, useState } from "../dom.js";
import { Email, Field, Form, Submit } from "../form.js";
import { link } from "../router.js";
import { settle } from "../session.js";
import { Door, useArrival } from "./arrival.js";

/** A link beside the password, where the site sends codes. */
export function MailCodeOffer({ next }) {
  const { data } = useThing("/auth/sign-in");
  return data?.methods.includes("mail-code") && html`<p class="center">
    <a href=${link("/sign-in/code", { next })}>Mail me a code instead</a></p>`;
}

export function MailCodePage({ query }) {
  const [asked, setAsked] = useState(null);
  const [second, arrive] = useArrival(query.next);
  const foot = html`<a href=${link("/sign-in", { next: query.next })}>Sign in with a password</a>`;
  async function ask({ email }) {
    const { data } = await post("/auth/sign-in/mail-code", { email });
    setAsked({ email, challenge: data.challenge });
  }
  async function confirm({ code }) {
    const { data } = await post("/auth/sign-in/mail-code/confirm", { challenge: asked.challenge, code });
    arrive(settle(data));
  }
  if (second) return second;
  if (!asked) {
    return html`<${Door} title="Sign in by mail" foot=${foot}>
      <p>We send you a code that you type here.</p>
      <${Form} send=${ask} label="Ask for a code"><${Email} /><${Submit}>Send the code<//><//>
    <//>`;
  }
  return html`<${Door} title="Look into your mail" foot=${foot}>
    <p>If there is an account with <b>${asked.email}</b>, a code is on its way. It works for ten minutes, and only here.</p>
    <${Form} send=${confirm} label="Sign in with the code" explain=${notValid}>
      <${Field} label="Code" name="code" required maxlength="20" inputmode="numeric" autocomplete="one-time-code" />
      <${Submit}>Sign in<//>
    <//>
  <//>`;
}

const notValid = (problem) => problem.code === "code-not-valid" && html`<div class="notice bad" role="alert">
  <p>${problem.message}</p></div>`;
