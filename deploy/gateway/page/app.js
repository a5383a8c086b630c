// The frame around every view: header, banner, the route's view, messages.
import { html, render, useEffect, useLayoutEffect, useRef } from "./dom.js";
import { scrollBack } from "./entries.js";
import { lazy } from "./lazy.js";
import { MeProvider, useVisitor } from "./me.js";
import { Messages } from "./messages.js";
import { followLinks, match, replace, useRoute } from "./router.js";
import { Banner, Foot, Header, Welcome } from "./frame.js";
import { loadMarkdown } from "./text.js";
import { Empty } from "./ui.js";
import * as home from "./views/home.js"; // only with posts

const reading = lazy(() => import("./rooms/reading.js"));
const own = lazy(() => import("./rooms/own.js"));
const staff = lazy(() => import("./rooms/staff.js"));
loadMarkdown(() => import("./markdown.js"));

const NeighboursPage = reading("NeighboursPage");
const neighbours = (kind) => ({ id }) => html`<${NeighboursPage} id=${id} kind=${kind} />`;
const StepUp = own("StepUp", true);
/** Above the views, for signed-in users: each with the route that does not show it. */
const NOTICES = [
  [own("RemovedNotice", true), "/removed"], // only with posts
];
/** Beside the content on wide screens, for everybody. */
const ASIDE = [
  home.PopularTags, // only with posts
];

/**
 * Public routes. A view gets the named parts of its path, and `query`. Of two routes with the same path only the first is
 * used: `make remove-service` may remove it.
 */
const PUBLIC = [
  ["/", home.LatestPage], // only with posts
  ["/", reading("SearchPage")],
  ["/top", home.TopPage], // only with posts
  ["/tags", home.TagsPage], // only with posts
  ["/tags/:name", home.TagPage], // only with posts
  ["/search", reading("SearchPage")],
  ["/post/:id#", reading("PostPage")], // only with posts
  ["/people/:id#", reading("PersonPage")],
  ["/sign-in", own("SignInPage")],
  ["/sign-in/code", own("MailCodePage")],
  ["/sign-up", own("SignUpPage")],
  ["/forgot", own("ForgotPage")],
  ["/unconfirmed", own("UnconfirmedPage")],
  ["/from-provider", own("FromProviderPage")],
  ["/mailed/verify-email", own("VerifyPage")],
  ["/mailed/password-reset", own("ResetPage")],
  ["/mailed/email-change", own("EmailChangePage")],
];
/** Routes for signed-in users. Others are asked to sign in, and return to the route afterwards. */
const OWN = [
  ["/following", home.FollowingPage], // only with posts
  ["/people/:id#/followers", neighbours("followers")],
  ["/people/:id#/following", neighbours("following")],
  ["/write", own("WritePage")], // only with posts
  ["/drafts", own("DraftsPage")], // only with posts
  ["/post/:id#/edit", own("EditPage")], // only with posts
  ["/removed", own("RemovedPage")], // only with posts
  ["/moderation", staff("ModerationPage")], // only with posts
  ["/moderation/:part", staff("ModerationPage")], // only with posts
  ["/settings", own("SettingsPage")],
  ["/settings/:part", own("SettingsPage")],
  ["/admin", staff("AdminPage")],
  ["/admin/:part", staff("AdminPage")],
  ["/admin/people/:id#", staff("AdminPersonPage")],
];
const isRoute = (path) => Boolean(match(PUBLIC, path).view ?? match(OWN, path).view);
/** Routes with a column beside the content. */
const BESIDE = [
  /^\/(search|people.*)?$/,
  /^\/(top|following|tags\/.+|post\/\d+)$/, // only with posts
];

function App() {
  const me = useVisitor();
  const { path, query, top } = useRoute();
  const place = `${path} ${JSON.stringify(query)}`;
  const page = useRef(null);
  const arrived = useRef(false);
  const open = match(PUBLIC, path);
  const mine = match(OWN, path);
  const mustSignIn = mine.view && !me.signedIn;

  useEffect(() => {
    if (mustSignIn) replace("/sign-in", { next: path });
  }, [mustSignIn, path]);

  // The heading, which may load later, is also the document's title.
  useEffect(() => {
    const entitle = () => {
      const heading = page.current.querySelector("h1")?.textContent;
      document.title = heading ? `${heading} · Trivium` : "Trivium";
    };
    const observer = new MutationObserver(entitle);
    observer.observe(page.current, { childList: true, subtree: true, characterData: true });
    return () => observer.disconnect();
  }, []);

  // After navigation: scroll to the top, or to the earlier position; focus for Tab and screen readers moves to the top.
  useLayoutEffect(() => {
    if (arrived.current) {
      scrollBack(top);
      page.current.focus({ preventScroll: true });
    }
    arrived.current = true;
  }, [place]);

  const { view, found } = open.view ? open : mine;
  const beside = me.signedIn ? ASIDE : [Welcome, ...ASIDE];
  const isBeside = beside.length > 0 && BESIDE.some((paths) => paths.test(path));
  return html`<${MeProvider} value=${me}>
    <${Header} path=${path} />
    <div class="columns ${isBeside ? "" : "single"}">
      <main id="page" ref=${page} tabindex="-1">
        <${Banner} />
        ${me.signedIn && NOTICES.map(([notice, but]) => path !== but && html`<${notice} key=${but} />`)}
        ${!mustSignIn && (view
          ? html`<${view} key=${`${place} ${me.visit}`} query=${query} ...${found} />`
          : html`<h1>Not here</h1><${Empty} title="There is no such page"><a href="/">Go to the start page</a>.<//>`)}
      </main>
      ${isBeside && html`<aside key=${me.visit} aria-label="More">${beside.map((part) => html`<${part} />`)}</aside>`}
    </div>
    <${Foot} />
    <${Messages} />
    ${me.signedIn && html`<${StepUp} />`}
  <//>`;
}

followLinks(isRoute);
const app = document.getElementById("app");
app.replaceChildren();
render(html`<${App} />`, app);
