import { client } from "./generated/hey/client.gen";
import { createPost, exportOwnData, getPost, issueToken, listPosts, register, revisePost } from "./generated/hey/sdk.gen";
import { draft, have, nobodys, person, tell, url } from "./story";

async function main() {
  client.setConfig({ baseUrl: url });
  const account = have((await register({ body: person })).data, "account");
  const tokens = await issueToken({
    body: { grant_type: "password", username: person.email, password: person.password },
  });
  client.setConfig({ auth: have(tokens.data, "token").access_token });

  const created = await createPost({ body: draft });
  const post = have(created.data, "post");
  const seen = have(created.response?.headers.get("ETag"), "ETag");
  const place = { path: { post_id: post.id }, headers: { "If-Match": seen } };
  const revised = await revisePost({ ...place, body: { title: "Second light" } });
  const stale = await revisePost({ ...place, body: { title: "Too late" } });
  const list = await listPosts({ query: { author_id: account.id, limit: 5 } });
  const held = await exportOwnData();
  const nothing = await getPost({ path: { post_id: nobodys } });
  tell({
    account_id: account.id,
    post_id: post.id,
    title: have(revised.data, "revised post").title,
    stale: have(stale.error, "refusal").code,
    listed: have(list.data, "list").items.some((one) => one.id === post.id),
    complete: have(held.data, "export").complete,
    problem: have(nothing.error, "problem").code,
  });
}

void main();
