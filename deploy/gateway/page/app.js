// The frame around every view: header, banner, the route's view, messages.
import { html, render, useEffect, useLayoutEffect, useRef } from "./dom.js";
import { scrollBack } from "./entries.js";
import { MeProvider, useVisitor } from "./me.js";
import { match, replace, useRoute } from "./router.js";
import { Banner, Foot, Header } from "./frame.js";
import { Empty, Messages } from "./ui.js";
import * as account from "./views/account.js";
import { AdminPage, AdminPersonPage } from "./views/admin.js";
import * as home from "./views/home.js";
import { NeighboursPage, PersonPage } from "./views/people.js";
import { ModerationPage } from "./views/moderation.js";
import { PostPage } from "./views/post.js";
import { MailCodePage } from "./views/mail-code.js";
import { FromProviderPage } from "./views/providers.js";
import { RemovedNotice, RemovedPage } from "./views/reports.js";
import { SearchPage } from "./views/search.js";
import { SettingsPage } from "./views/settings.js";
import { StepUp } from "./views/step-up.js";
import { DraftsPage, EditPage, WritePage } from "./views/write.js";

const neighbours = (kind) => ({ id }) => html`<${NeighboursPage} id=${id} kind=${kind} />`;
const followers = neighbours("followers");
const following = neighbours("following");

/** Public routes. A view gets the named parts of its path, and `query`. */
const PUBLIC = [
  ["/", home.LatestPage],
  ["/top", home.TopPage],
  ["/tags", home.TagsPage],
  ["/tags/:name", home.TagPage],
  ["/search", SearchPage],
  ["/posts/:id#", PostPage],
  ["/people/:id#", PersonPage],
  ["/sign-in", account.SignInPage],
  ["/sign-in/code", MailCodePage],
  ["/sign-up", account.SignUpPage],
  ["/forgot", account.ForgotPage],
  ["/unconfirmed", account.UnconfirmedPage],
  ["/from-provider", FromProviderPage],
  ["/mailed/verify-email", account.VerifyPage],
  ["/mailed/password-reset", account.ResetPage],
  ["/mailed/email-change", account.EmailChangePage],
];
/** Routes for signed-in users. Others are asked to sign in, and return to the route afterwards. */
const OWN = [
  ["/following", home.FollowingPage],
  ["/people/:id#/followers", followers],
  ["/people/:id#/following", following],
  ["/write", WritePage],
  ["/drafts", DraftsPage],
  ["/posts/:id#/edit", EditPage],
  ["/removed", RemovedPage],
  ["/moderation", ModerationPage],
  ["/moderation/:part", ModerationPage],
  ["/settings", SettingsPage],
  ["/settings/:part", SettingsPage],
  ["/admin", AdminPage],
  ["/admin/:part", AdminPage],
  ["/admin/people/:id#", AdminPersonPage],
];
const BESIDE = /^\/(top|following|search|tags\/.+|people.*|posts\/\d+)?$/; // routes with a column beside the content

function App() {
  const me = useVisitor();
  const { path, query, top } = useRoute();
  const place = `${path} ${JSON.stringify(query)}`;
  const page = useRef(null);
  const arrived = useRef(false);
  const open = match(PUBLIC, path);
  const own = match(OWN, path);
  const mustSignIn = own.view && !me.signedIn;

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

  const { view, found } = open.view ? open : own;
  return html`<${MeProvider} value=${me}>
    <${Header} path=${path} />
    <div class="columns ${BESIDE.test(path) ? "" : "single"}">
      <main id="page" ref=${page} tabindex="-1">
        <${Banner} />
        ${path !== "/removed" && html`<${RemovedNotice} />`}
        ${!mustSignIn && (view
          ? html`<${view} key=${`${place} ${me.visit}`} query=${query} ...${found} />`
          : html`<h1>Not here</h1><${Empty} title="There is no such page"><a href="#/">Read the latest posts</a>.<//>`)}
      </main>
      ${BESIDE.test(path) && html`<${home.Aside} key=${me.visit} />`}
    </div>
    <${Foot} />
    <${Messages} />
    <${StepUp} />
  <//>`;
}

const app = document.getElementById("app");
app.replaceChildren();
render(html`<${App} />`, app);
