// The frame around every view: header, banner, the route's view, messages.
import { html, render, useEffect, useLayoutEffect, useRef } from "./dom.js";
import { scrollBack } from "./entries.js";
import { lazy } from "./lazy.js";
import { MeProvider, useVisitor } from "./me.js";
import { Messages } from "./messages.js";
import { followLinks, match, replace, useRoute } from "./router.js";
import { Banner, Foot, Header } from "./frame.js";
import { loadMarkdown } from "./text.js";
import { Empty } from "./ui.js";
import * as home from "./views/home.js";

const reading = lazy(() => import("./rooms/reading.js"));
const own = lazy(() => import("./rooms/own.js"));
const staff = lazy(() => import("./rooms/staff.js"));
loadMarkdown(() => import("./markdown.js"));

const NeighboursPage = reading("NeighboursPage");
const neighbours = (kind) => ({ id }) => html`<${NeighboursPage} id=${id} kind=${kind} />`;
const RemovedNotice = own("RemovedNotice", true);
const StepUp = own("StepUp", true);

/** Public routes. A view gets the named parts of its path, and `query`. */
const PUBLIC = [
  ["/", home.LatestPage],
  ["/top", home.TopPage],
  ["/tags", home.TagsPage],
  ["/tags/:name", home.TagPage],
  ["/search", reading("SearchPage")],
  ["/post/:id#", reading("PostPage")],
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
  ["/following", home.FollowingPage],
  ["/people/:id#/followers", neighbours("followers")],
  ["/people/:id#/following", neighbours("following")],
  ["/write", own("WritePage")],
  ["/drafts", own("DraftsPage")],
  ["/post/:id#/edit", own("EditPage")],
  ["/removed", own("RemovedPage")],
  ["/moderation", staff("ModerationPage")],
  ["/moderation/:part", staff("ModerationPage")],
  ["/settings", own("SettingsPage")],
  ["/settings/:part", own("SettingsPage")],
  ["/admin", staff("AdminPage")],
  ["/admin/:part", staff("AdminPage")],
  ["/admin/people/:id#", staff("AdminPersonPage")],
];
const isRoute = (path) => Boolean(match(PUBLIC, path).view ?? match(OWN, path).view);
const BESIDE = /^\/(top|following|search|tags\/.+|people.*|post\/\d+)?$/; // routes with a column beside the content

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
  return html`<${MeProvider} value=${me}>
    <${Header} path=${path} />
    <div class="columns ${BESIDE.test(path) ? "" : "single"}">
      <main id="page" ref=${page} tabindex="-1">
        <${Banner} />
        ${me.signedIn && path !== "/removed" && html`<${RemovedNotice} />`}
        ${!mustSignIn && (view
          ? html`<${view} key=${`${place} ${me.visit}`} query=${query} ...${found} />`
          : html`<h1>Not here</h1><${Empty} title="There is no such page"><a href="/">Read the latest posts</a>.<//>`)}
      </main>
      ${BESIDE.test(path) && html`<${home.Aside} key=${me.visit} />`}
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
