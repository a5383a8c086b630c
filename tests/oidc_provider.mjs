// A provider of OpenID Connect that nobody here wrote, with one client. Its people are who they say they are: whoever
// signs in as `ada` has the address ada@people.example, which is proven unless the name begins with `un`.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import Provider from "oidc-provider";

const [port, redirectUri, algorithm, way] = process.argv.slice(2);
const kid = randomBytes(8).toString("hex");
const { privateKey } = algorithm === "ES256"
  ? generateKeyPairSync("ec", { namedCurve: "P-256" })
  : generateKeyPairSync("rsa", { modulusLength: 2048 });
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: "site",
    client_secret: "a secret: with + and %",
    redirect_uris: [redirectUri],
    id_token_signed_response_alg: algorithm,
    token_endpoint_auth_method: way,
  }],
  clientAuthMethods: [way],
  cookies: { keys: [randomBytes(16).toString("hex")] },
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid, alg: algorithm, use: "sig" }] },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  pkce: { required: () => true },
  async findAccount(_, id) {
    const about = { sub: id, email: `${id}@people.example`, email_verified: !id.startsWith("un"), name: `Ms ${id}` };
    return { accountId: id, claims: async () => about };
  },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
