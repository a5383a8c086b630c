// People: lists, and one person.
import { put, remove } from "../api.js";
import { html, useState } from "../dom.js";
import { usePages, useThing } from "../data.js";
import { useMe } from "../me.js";
import { say } from "../messages.js";
import { go, link } from "../router.js";
import { Linked } from "../text.js";
import { Avatar, Confirm, count, Empty, ProblemNotice, Skeleton, Time } from "../ui.js";
import { More, Tabs } from "./lists.js";
import { PostsOf } from "./posts.js"; // only with posts

/** `action` renders the end of a person's line. */
export function People({ path, query = {}, label, action = () => null, children }) {
  const { items, problem, hasMore, busy, more, change } = usePages(path, query);
  if (!items && !problem) return html`<${Skeleton} rows=${4} />`;
  if (items && !items.length) return children;
  const drop = (person) => change((people) => people.filter(({ id }) => id !== person.id));
  const one = (person) => html`<li key=${person.id} class="card person">
    <${Avatar} person=${person} />
    <div class="grow"><a class="name" href=${link(`/people/${person.id}`)}>${person.name}</a>
      <p class="quiet clip">${person.since ? html`since <${Time} at=${person.since} />` : person.bio}</p></div>
    ${action(person, () => drop(person))}
  </li>`;
  return html`
    ${items && html`<ul class="people" aria-label=${label}>${items.map(one)}</ul>`}
    ${problem && html`<${ProblemNotice} problem=${problem} retry=${more} />`}
    <${More} hasMore=${hasMore && !problem} busy=${busy} more=${more} />`;
}

export function PersonPage({ id }) {
  const { data: person, problem, reload, show } = useThing(`/users/${id}`);
  if (problem?.status === 404) return html`<h1>Nobody here</h1><${Empty} title="No such person">They may have left.<//>`;
  if (problem) return html`<h1>Profile</h1><${ProblemNotice} problem=${problem} retry=${reload} />`;
  if (!person) return html`<h1 class="hidden">Profile</h1><${Skeleton} rows=${3} tall />`;
  return [
    html`<${Head} person=${person} show=${show} />`,
    html`<${PostsOf} person=${person} />`, // only with posts
  ];
}

function Head({ person, show }) {
  const { profile, signedIn } = useMe();
  const mine = profile?.id === person.id;
  const figure = (number, one, many, to) => html`<li><a href=${link(to)}><b>${count(number)}</b> ${number === 1 ? one : many}</a></li>`;
  const place = `/people/${person.id}`;
  const figures = [
    figure(person.posts_count, "post", "posts", place), // only with posts
    figure(person.followers_count, "follower", "followers", `${place}/followers`),
    figure(person.following_count, "following", "following", `${place}/following`),
  ];
  const own = [
    html`<a class="button" href=${link("/settings/profile")}>Edit profile</a>`,
    html`<a class="button" href=${link("/drafts")}>Drafts</a>`, // only with posts
  ];
  return html`<header class="profile">
    <${Avatar} person=${person} size="large" />
    <div class="grow">
      <h1>${person.name}</h1>
      ${person.bio && html`<p class="bio"><${Linked} text=${person.bio} /></p>`}
      <ul class="figures">${figures}</ul>
      <p class="row">
        ${mine && own}
        ${!mine && (profile || !signedIn) && html`<${Bonds} person=${person} show=${show} />`}
      </p>
    </div>
  </header>`;
}

const WHEN_BLOCKED = [
  "You no longer see their posts and comments, and they cannot comment on what you write. ", // only with posts
  "Neither of you follows the other any more, and they cannot follow you.",
];

/** Follow and block. The result is shown at once; the counters follow the server's rules. */
function Bonds({ person, show }) {
  const { signedIn } = useMe();
  const [asks, setAsks] = useState(false);
  const [busy, setBusy] = useState(false);

  async function change(call, path, next, done) {
    if (!signedIn) return go("/sign-in", { next: `/people/${person.id}` });
    setBusy(true);
    try {
      await call(`/users/${person.id}/${path}`);
      show({ ...person, ...next });
      say(done);
    } catch (problem) {
      say(problem.message);
    } finally {
      setBusy(false);
      setAsks(false);
    }
  }

  const followers = person.followers_count;
  const fewer = { following: false, followers_count: followers - (person.following ? 1 : 0) };
  const follow = () => change(put, "follow", { following: true, followers_count: followers + 1 }, `You follow ${person.name}.`);
  const unfollow = () => change(remove, "follow", fewer, `You no longer follow ${person.name}.`);
  const block = () => change(put, "block", { ...fewer, blocked: true }, `${person.name} is blocked.`);
  const unblock = () => change(remove, "block", { blocked: false }, `${person.name} is no longer blocked.`);

  if (person.blocked) return html`<button class="button" type="button" disabled=${busy} onClick=${unblock}>Unblock</button>`;
  return html`
    <button class="button ${person.following ? "" : "primary"}" type="button" disabled=${busy} aria-pressed=${person.following ?? false}
      onClick=${person.following ? unfollow : follow}>${person.following ? "Following" : "Follow"}</button>
    ${signedIn && html`<button class="button quiet" type="button" disabled=${busy} onClick=${() => setAsks(true)}>Block</button>`}
    ${asks && html`<${Confirm} title="Block ${person.name}?" action="Block" onYes=${block} onNo=${() => setAsks(false)}>
      ${WHEN_BLOCKED}<//>`}`;
}

export function NeighboursPage({ id, kind }) {
  const { data: person } = useThing(`/users/${id}`);
  const place = `/people/${id}`;
  const tabs = [["Followers", link(`${place}/followers`)], ["Following", link(`${place}/following`)]];
  const nobody = kind === "followers" ? "Nobody follows them yet." : "They follow nobody yet.";
  return html`<h1>${person ? html`<a href=${link(place)}>${person.name}</a>` : "…"}</h1>
    <${Tabs} tabs=${tabs} current=${link(`${place}/${kind}`)} label="People" />
    <${People} path="/users/${id}/${kind}" label=${kind}><${Empty} title="Quiet here">${nobody}<//><//>`;
}
