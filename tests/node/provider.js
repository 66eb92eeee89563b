// The ministry's own sign-in, and people's, for the tests: a certified OpenID provider on a free port of
// 127.0.0.1. Its only pages are one form for the name and one for the consent, in plain HTML.
// Reads its set-up as one line of JSON on standard input; writes {"port": N} when it listens.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Provider } from "oidc-provider";

const line = await new Promise((done) => createInterface({ input: process.stdin }).once("line", done));
const asked = JSON.parse(line);
const people = asked.people;

const server = createServer();
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const port = server.address().port;

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: asked.client_id,
    client_secret: asked.client_secret,
    redirect_uris: [asked.back],
    post_logout_redirect_uris: [asked.home],
    response_types: ["code"],
    grant_types: ["authorization_code"],
    token_endpoint_auth_method: "client_secret_basic",
    require_auth_time: true,
  }],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["uin", "birthdate"], acr: null, amr: null, auth_time: null },
  acrValues: asked.levels ?? [],
  conformIdTokenClaims: asked.email_in_token !== true,
  features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
  pkce: { required: () => true },
  cookies: { keys: ["for tests alone"] },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_ctx, id) => people[id] && { accountId: id, claims: async () => ({ sub: id, ...people[id] }) },
  renderError: (ctx, out) => { ctx.type = "text/plain"; ctx.body = `error ${out.error}: ${out.error_description}`; },
});

async function interact(request, response) {
  const details = await provider.interactionDetails(request, response);
  if (request.method === "GET") {
    response.setHeader("content-type", "text/html");
    response.end(`<form method="post" action="/interaction/${details.uid}" data-prompt="${details.prompt.name}"></form>`);
    return;
  }
  let body = "";
  for await (const part of request) body += part;
  const form = new URLSearchParams(body);
  if (form.get("cancel")) {
    await provider.interactionFinished(request, response, { error: "access_denied" });
    return;
  }
  if (details.prompt.name === "login") {
    await provider.interactionFinished(request, response, {
      login: {
        accountId: form.get("who"), acr: form.get("acr") || undefined,
        amr: form.get("amr") ? [form.get("amr")] : undefined,
      },
    });
    return;
  }
  const grant = new provider.Grant({ accountId: details.session.accountId, clientId: details.params.client_id });
  grant.addOIDCScope(details.params.scope);
  await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}

const standard = provider.callback();
server.on("request", (request, response) => {
  if (!request.url.startsWith("/interaction/")) { standard(request, response); return; }
  interact(request, response).catch((wrong) => {
    response.statusCode = 500;
    response.end(String(wrong));
  });
});
process.stdout.write(JSON.stringify({ port }) + "\n");
process.stdin.on("end", () => process.exit(0));
