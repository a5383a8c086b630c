import { createPost, exportOwnData, getPost, issueToken, listPosts, register, revisePost } from "./generated/orval/client";
import { draft, have, nobodys, person, tell } from "./story";

async function main() {
  const account = await register(person);
  if (account.status !== 201) throw new Error("no account");
  const tokens = await issueToken({ grant_type: "password", username: person.email, password: person.password });
  if (tokens.status !== 200) throw new Error("no token");
  const signedIn = { Authorization: `Bearer ${tokens.data.access_token}` };

  const created = await createPost(draft, undefined, { headers: signedIn });
  if (created.status !== 201) throw new Error("no post");
  const post = created.data;
  const seen = { "If-Match": have(created.headers.get("ETag"), "ETag") };
  const revised = await revisePost(post.id, { title: "Second light" }, seen, { headers: signedIn });
  if (revised.status !== 200) throw new Error("not revised");
  const stale = await revisePost(post.id, { title: "Too late" }, seen, { headers: signedIn });
  if (stale.status !== 412) throw new Error("not refused");
  const list = await listPosts({ author_id: account.data.id, limit: 5 });
  if (list.status !== 200) throw new Error("no list");
  const held = await exportOwnData({ headers: signedIn });
  if (held.status !== 200) throw new Error("no export");
  const nothing = await getPost(nobodys);
  if (nothing.status !== 404) throw new Error("no problem");
  tell({
    account_id: account.data.id,
    post_id: post.id,
    title: revised.data.title,
    stale: stale.data.code,
    listed: list.data.items.some((one) => one.id === post.id),
    complete: held.data.complete,
    problem: nothing.data.code,
  });
}

void main();
