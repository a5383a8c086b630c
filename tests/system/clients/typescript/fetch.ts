import createClient from "openapi-fetch";

import type { paths } from "./generated/fetch";
import { draft, have, nobodys, person, tell, url } from "./story";

async function main() {
  const client = createClient<paths>({ baseUrl: url });
  const account = have((await client.POST("/auth/register", { body: person })).data, "account");
  const tokens = await client.POST("/auth/token", {
    body: { grant_type: "password", username: person.email, password: person.password },
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    bodySerializer: (form) => new URLSearchParams(form as Record<string, string>),
  });
  client.use({
    onRequest: ({ request }) => request.headers.set("Authorization", `Bearer ${have(tokens.data, "token").access_token}`),
  });

  const created = await client.POST("/posts", { body: draft });
  const post = have(created.data, "post");
  const seen = have(created.response.headers.get("ETag"), "ETag");
  const params = { path: { post_id: post.id }, header: { "If-Match": seen } };
  const revised = await client.PATCH("/posts/{post_id}", { params, body: { title: "Second light" } });
  const stale = await client.PATCH("/posts/{post_id}", { params, body: { title: "Too late" } });
  const list = await client.GET("/posts", { params: { query: { author_id: account.id, limit: 5 } } });
  const held = await client.GET("/users/me/export");
  const nothing = await client.GET("/posts/{post_id}", { params: { path: { post_id: nobodys } } });
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
