// `headers`: otherwise the functions take no If-Match.
module.exports = {
  trivium: {
    input: "./openapi.json",
    output: { target: "./generated/orval/client.ts", client: "fetch", headers: true, baseUrl: process.env.TRIVIUM_URL },
  },
};
