// Signing in by a provider, and the account's identities at providers.
import { post, remove } from "../api.js";
import { useThing } from "../data.js";
import { html, useEffect, useState } from "../dom.js";
import { useMe } from "../me.js";
import { say } from "../messages.js";
import { link, replace, takeArrival } from "../router.js";
import { signInByProvider } from "../session.js";
import { tab } from "../storage.js";
import { Empty, ProblemNotice, Time } from "../ui.js";
import { useArrival } from "./arrival.js";

/** Why a flow came back without a sign-in, by the server's reasons. */
const REASONS = {
  "access-denied": "You did not agree, so nothing has happened.",
  "account-not-admitted": "This account cannot sign in.",
  "address-not-accepted": "Accounts cannot have this address here.",
  "address-not-verified": "The provider does not confirm your address. Sign up with a password, and link it in your settings.",
  "address-taken": "There is an account with this address. Sign in to it, and link the provider in your settings.",
  "already-linked": "Your account is linked with another account of this provider. Remove that first.",
  "flow-not-valid": "This took too long, or was begun in another browser. Begin again.",
  "identity-taken": "Another account here is linked with this account of the provider.",
};
const UNKNOWN = "The provider did not give a usable answer. Try again later.";

const NEXT = "trivium.next"; // where this tab goes on after the provider's pages, which know nothing of it

function keepNext(next) {
  if (next) tab.setItem(NEXT, next);
  else tab.removeItem(NEXT);
}

function takeNext() {
  const next = tab.getItem(NEXT);
  tab.removeItem(NEXT);
  return next;
}

/**
 * Links that leave for the providers; nothing without providers, or if their list cannot be loaded. After a sign-in the
 * page goes on to `next`.
 */
export function ProviderButtons({ next }) {
  const { data } = useThing("/auth/providers");
  if (!data?.items.length) return null;
  return html`<ul class="ways" aria-label="Other ways">${data.items.map(({ name, title }) => html`<li key=${name}>
    <a class="button" href="/auth/providers/${name}/authorize" onClick=${() => keepNext(next)}>Continue with ${title}</a></li>`)}</ul>`;
}

/** `/#provider-code=…`, `/#provider-linked=…`, `/#provider-error=…` */
export function FromProviderPage() {
  const { signedIn } = useMe();
  const [next] = useState(takeNext);
  const [second, arrive] = useArrival(next);
  const [arrival] = useState(takeArrival);
  const [problem, setProblem] = useState(null);
  async function settle() {
    await null; // at the first rendering the page does not listen yet to `say` and `replace`
    if (arrival?.kind === "linked") {
      say("It is linked: you can sign in with it from now on.");
      replace("/settings/account");
    } else if (arrival?.kind === "code") {
      arrive(await signInByProvider(arrival.value));
    } else if (!arrival) {
      replace("/"); // the page was reloaded
    }
  }
  useEffect(() => void settle().catch(setProblem), []);
  const back = signedIn
    ? html`<a href=${link("/settings/account")}>Back to your settings</a>`
    : html`<a href=${link("/sign-in", { next })}>Back to sign-in</a>`;
  if (second) return second;
  if (problem) return html`<h1>Not signed in</h1><${ProblemNotice} problem=${problem} /><p>${back}</p>`;
  if (arrival?.kind !== "error") return html`<h1>Signing you in…</h1>`;
  return html`<h1>That did not work</h1><${Empty} title=${REASONS[arrival.value] ?? UNKNOWN}>${back}<//>`;
}

/** The section of the settings. Nothing without providers and identities. */
export function Identities() {
  const { data: all } = useThing("/auth/providers");
  const { data: own, problem, reload } = useThing("/auth/identities");
  if (!all?.items.length && !own?.items.length) return null;
  if (problem) return html`<${ProblemNotice} problem=${problem} retry=${reload} />`;
  const linked = Object.fromEntries((own?.items ?? []).map((one) => [one.provider, one]));
  const offered = all?.items ?? [];
  const gone = Object.keys(linked).filter((name) => all && !offered.some((one) => one.name === name));
  const shown = [...offered, ...gone.map((name) => ({ name, title: name, isGone: true }))];

  async function connect(name) {
    try {
      location.assign((await post(`/auth/identities/${name}/link`, {}, null, true)).data.address);
    } catch (caught) {
      say(caught.message);
    }
  }
  async function disconnect({ name, title }) {
    try {
      await remove(`/auth/identities/${name}`);
      say(`${title} is removed, other devices are signed out, and API keys are revoked.`);
      await reload();
    } catch (caught) {
      say(caught.message);
    }
  }

  const one = ({ name, title, isGone }) => html`<li key=${name} class="row spread">
    <span class="grow">${title}${linked[name] && html` <span class="quiet">${linked[name].email} · used <${Time} at=${linked[name].last_used_at} />${
      isGone && " · no longer offered here"}</span>`}</span>
    ${linked[name]
      ? html`<button class="button small" type="button" aria-label="Remove ${title}" onClick=${() => disconnect({ name, title })}>Remove</button>`
      : html`<button class="button small" type="button" aria-label="Link ${title}" onClick=${() => connect(name)}>Link</button>`}
  </li>`;
  return html`<section class="card"><h2>Other ways to sign in</h2>
    <ul class="people" aria-label="Other ways to sign in">${shown.map(one)}</ul>
  </section>`;
}
