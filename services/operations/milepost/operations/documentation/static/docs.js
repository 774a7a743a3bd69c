// The form that tries an operation. It sends one request to this origin, with the reader's own
// token, and shows the answer as text. Without this script the page shows the command line alone.

const SHOWN = 200_000;
const TOKEN = "milepost-docs-token";

const box = document.getElementById("try");
const form = box?.querySelector("form");
const part = (name) => document.getElementById(`try-${name}`);

let stopping = null;

function inputs(place) {
  return [...form.querySelectorAll(`[data-in="${place}"]`)]
    .map((one) => [one.dataset.name, one.value])
    .filter(([, value]) => value !== "");
}

function address() {
  let path = box.dataset.path;
  for (const one of form.querySelectorAll('[data-in="path"]')) {
    path = path.replace(`{${one.dataset.name}}`, encodeURIComponent(one.value));
  }
  const query = inputs("query").map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
  return path + (query ? `?${query}` : "");
}

function chosenType() {
  return part("type")?.selectedOptions[0];
}

function isText() {
  return chosenType()?.dataset.text === "yes";
}

function headers() {
  const found = inputs("header");
  const type = chosenType();
  return type ? [["Content-Type", type.value], ...found] : found;
}

// What a shell reads as one word, whatever is in it.
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function curl() {
  const lines = [`curl -sS -X ${box.dataset.method} ${quoted(location.origin + address())}`];
  if (part("token")) {
    lines.push('-H "Authorization: Bearer $TOKEN"');
  }
  for (const [name, value] of headers()) {
    lines.push(`-H ${quoted(`${name}: ${value}`)}`);
  }
  if (chosenType()) {
    lines.push(isText() ? `--data-raw ${quoted(part("body").value)}` : "--data-binary @file");
  }
  return lines.join(" \\\n  ");
}

function request() {
  const sent = new Headers(headers());
  const token = part("token")?.value.trim().replace(/^Bearer\s+/i, "");
  if (token) {
    sent.set("Authorization", `Bearer ${token}`);
  }
  const options = { method: box.dataset.method, headers: sent, credentials: "omit", redirect: "error" };
  if (chosenType()) {
    options.body = isText() ? part("body").value : part("file").files[0];
  }
  return options;
}

function pretty(text, type) {
  if (!/\bjson\b/.test(type) || /ndjson/.test(type)) {
    return text;
  }
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

// An event stream never ends by itself: what has come is shown as it comes.
async function read(answer) {
  const type = answer.headers.get("content-type") ?? "";
  if (!/json|text|xml|jwt/.test(type)) {
    part("content").textContent = `${(await answer.arrayBuffer()).byteLength} bytes of ${type || "nothing"}`;
    return;
  }
  const decoder = new TextDecoder();
  let text = "";
  const reader = answer.body.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    text += decoder.decode(next.value, { stream: true });
    part("content").textContent = text;
    if (text.length > SHOWN) {
      await reader.cancel();
      part("content").textContent = `${text.slice(0, SHOWN)}\n… and more`;
      return;
    }
  }
  part("content").textContent = pretty(text, type) || "(no body)";
}

async function send() {
  const started = performance.now();
  stopping = new AbortController();
  part("send").disabled = true;
  part("stop").hidden = false;
  part("answer").hidden = false;
  part("status").textContent = "Sending …";
  part("headers").textContent = "";
  part("content").textContent = "";
  try {
    const answer = await fetch(address(), { ...request(), signal: stopping.signal });
    const took = Math.round(performance.now() - started);
    part("status").textContent = `${answer.status} ${answer.statusText} in ${took} ms`;
    part("headers").textContent = [...answer.headers].map((pair) => pair.join(": ")).join("\n");
    await read(answer);
  } catch (error) {
    const stopped = error.name === "AbortError";
    part("status").textContent = stopped ? "Stopped" : `Nothing came back: ${error.message}`;
  } finally {
    stopping = null;
    part("send").disabled = false;
    part("stop").hidden = true;
  }
}

function remember() {
  try {
    sessionStorage.setItem(TOKEN, part("token").value);
  } catch {
    // A browser that keeps nothing: the token is pasted again on the next page.
  }
}

function recall() {
  try {
    part("token").value = sessionStorage.getItem(TOKEN) ?? "";
  } catch {
    part("token").value = "";
  }
}

function chooseType() {
  part("text").hidden = !isText();
  part("binary").hidden = isText();
  part("body").value = chosenType().dataset.example;
}

// A random key for each page: whoever sends twice does it once.
function fillKey() {
  const key = form.querySelector('[data-name="Idempotency-Key"]');
  if (key && !key.value) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    key.value = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}

function show() {
  part("curl").firstElementChild.textContent = curl();
}

if (form) {
  form.hidden = false;
  fillKey();
  if (part("token")) {
    recall();
    part("token").addEventListener("input", remember);
  }
  if (part("type")) {
    part("type").addEventListener("change", chooseType);
    chooseType();
  }
  form.addEventListener("input", show);
  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (stopping === null) {
      send();
    }
  });
  part("stop").addEventListener("click", () => stopping?.abort());
  show();
}
