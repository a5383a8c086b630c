// The strict OAuth clients of Node, as they come: what they say of our refusals.
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";

const url = new URL(process.env.TRIVIUM_URL);
const person = { email: `${crypto.randomUUID()}@example.com`, password: "seven brave tin spoons", name: "Ada" };
const registered = await fetch(new URL("/auth/register", url), {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(person),
});
if (registered.status !== 201) throw new Error(await registered.text());
const credentials = { username: person.email, password: person.password };

/** The `error` that a client read in a refusal, or its own words for what it could not read. */
const refusal = (promise) => promise.then(() => "none", (error) => error.error ?? `${error.code}: ${error.message}`);

const insecure = { [oauth.allowInsecureRequests]: true };
const server = await oauth.processDiscoveryResponse(
  url,
  await oauth.discoveryRequest(url, { algorithm: "oauth2", ...insecure }),
);
const app = { client_id: "app" };
const grant = async (name, parameters, client = app, way = oauth.None()) =>
  oauth.processGenericTokenEndpointResponse(
    server,
    client,
    await oauth.genericTokenEndpointRequest(server, client, way, name, parameters, insecure),
  );
const low = await grant("password", credentials);
const end = await oauth.revocationRequest(server, app, oauth.None(), low.refresh_token, insecure);
await oauth.processRevocationResponse(end);
const renew = async (token) =>
  oauth.processRefreshTokenResponse(
    server,
    app,
    await oauth.refreshTokenGrantRequest(server, app, oauth.None(), token, insecure),
  );
const challenges = async (token) =>
  oauth
    .protectedResourceRequest(token, "GET", new URL("/auth/me", url), undefined, undefined, insecure)
    .then(() => "none", (error) => error.cause[0].parameters);
const asService = { client_id: "svc:users" };

const config = await openid.discovery(url, "app", undefined, openid.None(), {
  algorithm: "oauth2",
  execute: [openid.allowInsecureRequests],
});
const high = await openid.genericGrantRequest(config, "password", credentials);
const made = await fetch(new URL("/auth/keys", url), {
  method: "POST",
  headers: { "Content-Type": "application/json", Authorization: `Bearer ${high.access_token}` },
  body: JSON.stringify({ name: "import", scopes: ["auth:read", "posts:read"] }),
});
const { key } = await made.json();
const exchange = (more = {}) =>
  openid.genericGrantRequest(config, "urn:ietf:params:oauth:grant-type:token-exchange", {
    subject_token: key,
    subject_token_type: "urn:trivium:token-type:api-key",
    ...more,
  });
const exchanged = await exchange({ scope: "auth:read" });
const me = await openid.fetchProtectedResource(config, exchanged.access_token, new URL("/auth/me", url), "GET");
const lacks = await openid
  .fetchProtectedResource(config, exchanged.access_token, new URL("/users/me", url), "GET")
  .then(() => "none", (error) => error.cause[0].parameters);
const renewed = await openid.refreshTokenGrant(config, high.refresh_token);
await openid.tokenRevocation(config, renewed.refresh_token);

console.log(
  JSON.stringify({
    oauth4webapi: {
      wrong_password: await refusal(grant("password", { ...credentials, password: "wrong" })),
      dead_refresh_token: await refusal(renew(low.refresh_token)),
      unknown_scope: await refusal(grant("password", { ...credentials, scope: "admin" })),
      unreadable: await refusal(grant("password", { ...credentials, scope: "\0" })),
      too_large: await refusal(grant("password", { ...credentials, scope: "x".repeat(20_000) })),
      unknown_service: await refusal(
        grant("client_credentials", { audience: "posts" }, asService, oauth.ClientSecretPost("x".repeat(43))).catch(
          (error) => Promise.reject({ error: `${error.cause[0].scheme} ${error.cause[0].parameters.realm}` }),
        ),
      ),
      bad_access_token: await challenges("not-a-token"),
    },
    "openid-client": {
      exchanged: [exchanged.issued_token_type, exchanged.scope, exchanged.expires_in, me.status],
      lacks,
      broader_scope: await refusal(exchange({ scope: "posts:write" })),
      no_such_audience: await refusal(exchange({ audience: "nowhere" })),
      no_such_key: await refusal(exchange({ subject_token: `trv_${"0".repeat(49)}` })),
      dead_refresh_token: await refusal(openid.refreshTokenGrant(config, renewed.refresh_token)),
      unreadable: await refusal(openid.genericGrantRequest(config, "password", { ...credentials, scope: "\0" })),
    },
  }),
);
