// An OpenID provider on the loopback interface: the npm package `oidc-provider`, set up by one JSON file.
//
//     npm ci --prefix tests/identity_provider
//     node tests/identity_provider/provider.mjs tests/identity_provider/demo.json
//
// It is for tests and for trying things out: users log in by being named, and everything is forgotten when it ends.
//
// In the file:
//
//   port      where it listens on 127.0.0.1; 0 or nothing picks a free port
//   keys      what it signs with, as [{"kid": "2026-01", "alg": "ES256"}]; of several for one algorithm the first signs,
//             all are published. `"unnamed": true` publishes it without `alg`, as many providers do
//   apis      who its access tokens are for: name (a URI) = {"format": "jwt" or "opaque", "alg": "ES256",
//             "scope": "docs:read docs:write", "ttl": seconds, "subject": whether a client without a user has one}
//   clients   as OpenID Connect Dynamic Client Registration 1.0 has them; those without grant types may introspect tokens
//   roles     subject (user or client) = its roles, which stand in its access tokens as `roles`
//
// With `-` in the place of the file the settings are the first line of standard input; every further line
// `{"keys": [...]}` replaces the keys, and it ends when its input does.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

if (typeof URL.parse !== 'function') {
  console.error(`Node.js ${process.version} is too old for oidc-provider: install Node.js 22 or newer`);
  process.exit(3);
}
// What it warns of is meant: it forgets everything, and Node.js need not be the newest.
console.warn = () => {};
const { default: Provider, errors } = await import('oidc-provider');

const [file, ...more] = process.argv.slice(2);
if (!file || more.length) {
  console.error('usage: node provider.mjs SETTINGS.json, or `-` to read them from standard input');
  process.exit(2);
}
const lines = file === '-' ? createInterface({ input: process.stdin })[Symbol.asyncIterator]() : undefined;
const settings = read(lines ? (await lines.next()).value ?? '' : readFileSync(file, 'utf8'));

function read(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    console.error(`the settings are no JSON (${error.message}): write them as in demo.json`);
    process.exit(2);
  }
}

// A key is made when it is first named, and stays the same for as long as this runs.
const made = new Map();

function key({ kid, alg, unnamed }) {
  if (!made.has(kid)) {
    const { privateKey } = {
      RS: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
      PS: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
      ES: () => generateKeyPairSync('ec', { namedCurve: { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }[alg] }),
      Ed: () => generateKeyPairSync('ed25519'),
    }[alg.slice(0, 2)]();
    made.set(kid, privateKey.export({ format: 'jwk' }));
  }
  return { ...made.get(kid), kid, use: 'sig', ...(unnamed ? {} : { alg }) };
}

const cookies = randomBytes(32).toString('base64url');
const rolesOf = (subject) => settings.roles?.[subject];

function start(issuer, keys) {
  const provider = new Provider(issuer, {
    jwks: { keys: keys.map(key) },
    clients: settings.clients,
    cookies: { keys: [cookies] },
    // What clients get that do not say what they want: the standard's RS256 may have no key here.
    clientDefaults: { id_token_signed_response_alg: keys[0].alg },
    pkce: { required: () => true },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (_, { uid }) => `/login/${uid}` },
    extraTokenClaims(_, token) {
      const api = settings.apis[token.aud];
      const roles = rolesOf(token.accountId ?? token.clientId);
      // RFC 7662 §2.2 leaves `sub` to the server, and of itself this one has none for clients.
      const sub = !token.accountId && api?.subject ? token.clientId : undefined;
      return { ...(roles && { roles }), ...(sub && { sub }) };
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      clientCredentials: { enabled: true },
      dPoP: { enabled: true },
      revocation: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId },
      introspection: { enabled: true, allowedPolicy: (_, client) => client.grantTypes.length === 0 },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        getResourceServerInfo(_, name) {
          const api = settings.apis[name];
          if (!api) throw new errors.InvalidTarget(`there is no API ${name}`);
          return {
            audience: name,
            scope: api.scope,
            accessTokenFormat: api.format,
            accessTokenTTL: api.ttl,
            ...(api.format === 'jwt' && { jwt: { sign: { alg: api.alg } } }),
          };
        },
      },
    },
    ttl: {
      AccessToken: (_, token) => token.resourceServer?.accessTokenTTL ?? 3600,
      ClientCredentials: (_, token) => token.resourceServer?.accessTokenTTL ?? 3600,
      AuthorizationCode: 60,
      Grant: 3600,
      IdToken: 3600,
      Interaction: 600,
      Session: 3600,
    },
  });
  provider.on('server_error', (_, error) => console.error(error));
  return provider;
}

// Logs in whom `login_hint` names, and agrees to everything that the client asks for.
async function login(provider, request, response) {
  const { params } = await provider.interactionDetails(request, response);
  const grant = new provider.Grant({ accountId: params.login_hint, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  if (params.resource) grant.addResourceScope(params.resource, params.scope);
  const consent = { grantId: await grant.save() };
  await provider.interactionFinished(request, response, { login: { accountId: params.login_hint }, consent });
}

let provider;
let callback;
const server = createServer((request, response) => {
  if (!request.url.startsWith('/login/')) {
    callback(request, response);
    return;
  }
  login(provider, request, response).catch((error) => {
    console.error(error);
    response.writeHead(500).end();
  });
});
server.on('error', (error) => {
  console.error(`cannot listen: ${error.message}; give another "port", or 0 for a free one`);
  process.exit(1);
});
await new Promise((resolve) => server.listen(settings.port ?? 0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

function use(keys) {
  provider = start(issuer, keys);
  callback = provider.callback();
}

use(settings.keys);
console.log(`issuer ${issuer}`);

if (lines) {
  for await (const line of lines) {
    use(JSON.parse(line).keys);
    console.log('keys replaced');
  }
  process.exit(0);
}
