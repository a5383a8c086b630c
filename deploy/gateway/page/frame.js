// The permanent parts around views: the header, the bar at the bottom of a phone, the footer.
import { post } from "./api.js";
import { html, useEffect, useRef, useState } from "./dom.js";
import { Icon } from "./icons.js";
import { isAdmin, useMe } from "./me.js";
import { moderates } from "./me.js"; // only with posts
import { say } from "./messages.js";
import { go, link } from "./router.js";
import { signOut } from "./session.js";
import { useTheme } from "./theme.js";
import { Avatar, limit, useCountdown, wait } from "./ui.js";

export function Header({ path }) {
  const { signedIn, profile } = useMe();
  const current = (to) => (to === path ? "page" : null);
  const item = (to, icon, text) => html`<a href=${link(to)} aria-current=${current(to)}><${Icon} name=${icon} /><span>${text}</span></a>`;
  const mine = profile ? `/people/${profile.id}` : "/settings";
  const items = [
    item("/", "home", "Home"),
    item("/tags", "tag", "Tags"), // only with posts
    signedIn && item("/write", "pen", "Write"), // only with posts
    item("/search", "search", "Search"), // only with posts
    signedIn ? item(mine, "person", "Profile") : item("/sign-in", "person", "Sign in"),
  ];
  const own = [
    html`<a class="button primary wide" href=${link("/write")}>Write</a>`, // only with posts
    html`<${Menu} path=${path} mine=${mine} />`,
  ];
  return html`<a class="skip" href="#page" onClick=${skip}>Skip to the content</a>
    <header class="top">
      <a class="brand" href=${link("/")}><i aria-hidden="true" />Trivium</a>
      <nav class="main" aria-label="Main">${items}</nav>
      <${SearchBox} id="search-top" />
      ${signedIn
        ? own
        : html`<${Theme} /><a class="button wide" href=${link("/sign-in")}>Sign in</a>
            <a class="button primary wide" href=${link("/sign-up")}>Sign up</a>`}
    </header>`;
}

/** What can be searched, the default first. */
export const SEARCHED = [
  "posts", // only with posts
  "people",
];

export function SearchBox({ words = "", among = SEARCHED[0], id }) {
  function search(event) {
    event.preventDefault();
    go("/search", { q: new FormData(event.target).get("q").trim(), in: among });
  }
  return html`<form class="search" role="search" onSubmit=${search}>
    <label class="hidden" for=${id}>Search ${among}</label>
    <input id=${id} name="q" type="search" key=${words} defaultValue=${words} placeholder="Search ${among}"
      onInput=${(event) => limit(event.target, 100)} />
  </form>`;
}

/** Moves the focus, and leaves the address as it is. */
function skip(event) {
  event.preventDefault();
  document.getElementById("page").focus();
}

function Menu({ path, mine }) {
  const { profile, account } = useMe();
  const menu = useRef(null);
  useEffect(() => (menu.current.open = false), [path]);
  useEffect(() => {
    const details = menu.current; // the ref is empty before this effect ends, which Preact defers until after the paint
    const close = () => (details.open = false);
    const leave = (event) => details.contains(event.target) || close();
    const escape = (event) => event.key === "Escape" && close();
    addEventListener("click", leave);
    addEventListener("keydown", escape);
    return () => (removeEventListener("click", leave), removeEventListener("keydown", escape));
  }, []);
  const links = [
    ["Profile", mine],
    ["Following", "/following"], // only with posts
    ["Drafts", "/drafts"], // only with posts
    ["Removed", "/removed"], // only with posts
    moderates(account) && ["Moderation", "/moderation"], // only with posts
    ["Settings", "/settings/profile"],
    isAdmin(account) && ["Administration", "/admin"],
  ];
  const one = ([text, to]) => html`<a key=${text} href=${link(to)}>${text}</a>`;
  return html`<details class="menu" ref=${menu}>
    <summary aria-label="Your menu"><${Avatar} person=${profile} /></summary>
    <div class="card">
      <p class="name">${profile?.name ?? "…"}</p>
      ${links.filter(Boolean).map(one)}
      <${Theme} labelled />
      <${SignOut} class="plain" />
    </div>
  </details>`;
}

/** Switches between the three themes. */
function Theme({ labelled = false }) {
  const { text, turn } = useTheme();
  return html`<button type="button" class="plain theme" aria-label=${text} title=${text} onClick=${turn}>
    ${labelled ? text : html`<${Icon} name="theme" />`}</button>`;
}

export function SignOut({ ...rest }) {
  async function leave() {
    go("/"); // first: this route would ask to sign in again
    try {
      await signOut();
      say("You are signed out.");
    } catch {
      say("You are signed out here. The server could not be told: end this device from another one.");
    }
  }
  return html`<button type="button" onClick=${leave} ...${rest}>Sign out</button>`;
}

/** Requests another mail to verify the address; the server limits them. */
export function AskAgain() {
  const { account } = useMe();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const left = useCountdown(problem);
  async function ask() {
    setBusy(true);
    setProblem(null);
    try {
      await post("/auth/verify-email", { email: account.email });
      say(`A new link is on its way to ${account.email}.`);
    } catch (caught) {
      setProblem(caught);
      const { status, retryAfter, message } = caught;
      say(status === 429 ? `A link was sent a short time ago. You can ask again in ${wait(retryAfter)}.` : message);
    } finally {
      setBusy(false);
    }
  }
  return html`<button class="plain" type="button" disabled=${busy || left > 0} onClick=${ask}>Send the link again</button>
    ${left > 0 && html` <span class="quiet">in ${wait(left)}</span>`}`;
}

/** Shown until the address is verified. */
export function Banner() {
  const { account } = useMe();
  const [closed, setClosed] = useState(false);
  if (!account || account.email_verified || closed) return null;
  return html`<div class="notice" role="region" aria-label="Confirm your address">
    <p>Please confirm your address with the link that we sent to <b>${account.email}</b>. <${AskAgain} /></p>
    <button class="plain" type="button" aria-label="Close" onClick=${() => setClosed(true)}>✕</button>
  </div>`;
}

/** Only the first is used: `make remove-service` may remove it. */
const [INVITATION, PEOPLE] = [
  ["Write, follow, discuss.", "people who like to read each other"], // only with posts
  ["Follow each other.", "people who like each other's company"],
][0];

/** Beside the content on wide screens, for visitors. */
export function Welcome() {
  return html`<section class="card welcome"><h2>${INVITATION}</h2>
    <p>Trivium is a quiet place for ${PEOPLE}.</p>
    <p class="row"><a class="button primary" href=${link("/sign-up")}>Create an account</a></p></section>`;
}

/** The gateway tells programs at `/` the address of the API's documentation, if it serves it. */
export function Foot() {
  const [docs, setDocs] = useState(null);
  useEffect(() => {
    fetch("/", { headers: { Accept: "application/json" } }).then((answer) => answer.json()).then((about) => setDocs(about.docs), () => {});
  }, []);
  return html`<footer>${docs && html`<a href=${docs}>The API behind this page</a>`}</footer>`;
}
