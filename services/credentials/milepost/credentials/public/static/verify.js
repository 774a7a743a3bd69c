// Verifies the credential of this page in the browser itself: the W3C JWT, with the key that its
// issuer publishes. Asks this origin alone; every word it shows was written by the server.

const PRIME = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BIT_OF_PURPOSE = ["revocation", "suspension"];

const section = document.getElementById("verifier");
const button = section.querySelector("button");
button.hidden = false;
button.addEventListener("click", run);

async function run() {
  const verdict = section.querySelector(".verdict");
  const list = section.querySelector(".checks");
  button.disabled = true;
  verdict.className = "verdict";
  verdict.textContent = section.dataset.running;
  for (const item of list.children) show(item, "waiting", "");
  list.hidden = false;
  const results = await verify(section.dataset.jwt, section.dataset.credential);
  for (const item of list.children) {
    const state = results[item.dataset.check];
    show(item, state, item.dataset[state]);
  }
  const states = Object.values(results);
  const outcome = states.includes("bad") ? "invalid" : states.includes("unknown") ? "unfinished" : "valid";
  verdict.textContent = section.dataset[outcome];
  verdict.classList.add({ valid: "good", invalid: "bad", unfinished: "warn" }[outcome]);
  section.dataset.outcome = outcome;
  button.disabled = false;
  button.textContent = section.dataset.again;
}

function show(item, state, text) {
  item.dataset.state = state;
  item.textContent = text;
}

async function verify(address, credential) {
  const results = { document: "unknown", issuer: "unknown", signature: "unknown", dates: "unknown", status: "unknown" };
  let jwt;
  try {
    jwt = read(await (await ask(address)).text());
  } catch {
    return results;
  }
  const issuer = typeof jwt.document.issuer === "string" ? jwt.document.issuer : jwt.document.issuer?.id;
  results.document = jwt.document.id === credential ? "good" : "bad";
  results.dates = hold(jwt.document) ? "good" : "bad";
  const key = await attempt(() => keyOf(issuer, jwt.header));
  results.issuer = key === undefined ? "unknown" : key ? "good" : "bad";
  if (key) results.signature = await check(() => signed(jwt, key));
  results.status = await check(() => standing(jwt.document.credentialStatus, issuer));
  return results;
}

async function check(question) {
  const answer = await attempt(question);
  return answer === undefined ? "unknown" : answer ? "good" : "bad";
}

// undefined where nothing can be said: an address that does not answer is not a forgery.
async function attempt(question) {
  try {
    return await question();
  } catch {
    return undefined;
  }
}

async function ask(address, accept = "*/*") {
  const url = new URL(address, location.href);
  if (url.origin !== location.origin) throw new Error("another origin");
  const answer = await fetch(url, { cache: "no-store", credentials: "omit", headers: { Accept: accept } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer;
}

function read(text) {
  const parts = text.trim().split(".");
  if (parts.length !== 3) throw new Error("no JWT");
  const [header, payload] = parts.slice(0, 2).map((part) => JSON.parse(new TextDecoder().decode(bytesOf(part))));
  return {
    header,
    document: payload.vc ?? payload,
    signed: new TextEncoder().encode(`${parts[0]}.${parts[1]}`),
    signature: bytesOf(parts[2]),
  };
}

function bytesOf(base64url) {
  const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function hold(document) {
  const now = Date.now();
  const begins = Date.parse(document.validFrom);
  const ends = document.validUntil === undefined ? Infinity : Date.parse(document.validUntil);
  return begins <= now && now < ends;
}

// The key that the header names, if the issuer's own document says that it speaks for it.
async function keyOf(issuer, header) {
  const kid = String(header.kid);
  const document = await (await ask(documentOf(issuer), "application/json")).json();
  const named = (one) => (typeof one === "string" ? one : one.id);
  const full = (id) => (id?.startsWith("#") ? issuer + id : id);
  const methods = [...(document.verificationMethod ?? []), ...(document.assertionMethod ?? [])];
  const wanted = full(kid);
  const method = methods.find((one) => typeof one === "object" && full(one.id) === wanted);
  const speaks = (document.assertionMethod ?? []).some((one) => full(named(one)) === wanted);
  if (document.id !== issuer || !method || !speaks || method.controller !== issuer) return null;
  if (method.revoked && Date.parse(method.revoked) <= Date.now()) return null;
  return imported(method, header.alg);
}

function documentOf(issuer) {
  if (!issuer.startsWith("did:web:")) return issuer;
  const parts = issuer.slice("did:web:".length).split(":").map(decodeURIComponent);
  return `${location.protocol}//${parts.join("/")}/did.json`;
}

async function imported(method, algorithm) {
  const jwk = method.publicKeyJwk ?? jwkOf(base58(method.publicKeyMultibase));
  const kinds = {
    ES256: { name: "ECDSA", namedCurve: "P-256" },
    EdDSA: { name: "Ed25519" },
    Ed25519: { name: "Ed25519" },
  };
  const kind = kinds[algorithm];
  const fits = kind && (kind.namedCurve ? jwk.crv === "P-256" : jwk.crv === "Ed25519");
  if (!fits) return null;
  const { kty, crv, x, y } = jwk;
  return crypto.subtle.importKey("jwk", y ? { kty, crv, x, y } : { kty, crv, x }, kind, false, ["verify"]);
}

function signed(jwt, key) {
  const kind = key.algorithm.name === "ECDSA" ? { name: "ECDSA", hash: "SHA-256" } : { name: "Ed25519" };
  return crypto.subtle.verify(kind, key, jwt.signature, jwt.signed);
}

// Every entry's bit must be off, in a list of the same issuer, or of another of the same school.
async function standing(entries, issuer) {
  for (const entry of [entries ?? []].flat()) {
    if (!BIT_OF_PURPOSE.includes(entry.statusPurpose)) continue;
    const list = await listOf(entry.statusListCredential);
    const by = typeof list.issuer === "string" ? list.issuer : list.issuer?.id;
    const subject = list.credentialSubject;
    if (schoolOf(by) !== schoolOf(issuer) || list.id !== entry.statusListCredential) throw new Error("another list");
    if (![subject.statusPurpose].flat().includes(entry.statusPurpose)) throw new Error("another list");
    const bits = await unpacked(subject.encodedList);
    const index = Number(entry.statusListIndex);
    if (!(index >= 0 && index < bits.length * 8)) throw new Error("no such index");
    if (bits[index >> 3] & (0x80 >> (index & 7))) return false;
  }
  return true;
}

function schoolOf(issuer) {
  const address = documentOf(issuer).replace(/\/did\.json$/, "");
  return address.slice(0, address.lastIndexOf("/"));
}

async function listOf(address) {
  const text = await (await ask(address, "application/vc, application/json")).text();
  return text.startsWith("{") ? JSON.parse(text) : read(text).document;
}

async function unpacked(encoded) {
  if (!encoded.startsWith("u")) throw new Error("no list");
  const stream = new Blob([bytesOf(encoded.slice(1))]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function base58(multibase) {
  if (multibase?.[0] !== "z") throw new Error("no base58");
  let number = 0n;
  for (const letter of multibase.slice(1)) {
    const digit = BASE58.indexOf(letter);
    if (digit < 0) throw new Error("no base58");
    number = number * 58n + BigInt(digit);
  }
  const hex = number.toString(16);
  return Uint8Array.from(hex.padStart(hex.length + (hex.length % 2), "0").match(/../g), (two) => parseInt(two, 16));
}

// A Multikey: ed01 before 32 bytes of Ed25519, 8024 before a compressed point of P-256.
function jwkOf(bytes) {
  if (bytes[0] === 0xed && bytes[1] === 0x01) {
    return { kty: "OKP", crv: "Ed25519", x: base64url(bytes.slice(2)) };
  }
  if (bytes[0] !== 0x80 || bytes[1] !== 0x24 || bytes.length !== 35) throw new Error("no key of a known kind");
  const x = integer(bytes.slice(3));
  const square = (((x * x - 3n) * x + B) % PRIME + PRIME) % PRIME;
  let y = power(square, (PRIME + 1n) / 4n);
  if ((y & 1n) !== BigInt(bytes[2] & 1)) y = PRIME - y;
  return { kty: "EC", crv: "P-256", x: base64url(bytes.slice(3)), y: base64url(fixed(y)) };
}

function integer(bytes) {
  return BigInt("0x" + Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join(""));
}

function fixed(number) {
  return Uint8Array.from(number.toString(16).padStart(64, "0").match(/../g), (two) => parseInt(two, 16));
}

function power(value, exponent) {
  let result = 1n;
  for (let rest = exponent, square = value % PRIME; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % PRIME;
    square = (square * square) % PRIME;
  }
  return result;
}

function base64url(bytes) {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
