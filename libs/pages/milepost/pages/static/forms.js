// Sends the forms of pages as commands of the JSON API: there is no second way to change anything.
//
//   <form data-command="POST /enrollment/enrollments" data-done="/office/offerings/{offering}">
//
// Fields become the JSON body: dots nest (`window.opens`), a number is a place in a list
// (`reports.0.lesson`), `data-json` gives a type. An empty field is left out. `{name}` in the address
// is a field's value, which then is not in the body; a parameter without a value is left out.
// The file of a field with `data-body` is the whole body. A PATCH sends what was changed, nothing
// else. `data-time` is a field's time in UTC, shown in the zone of this browser.
//
// A form that is sent gets one Idempotency-Key. It is kept while nobody knows what became of the
// command (no answer, 5xx), so that sending again never does it twice; any answer that decides
// ends it.
//
// No module, and in the head: it is there before the first form is. A form that is sent while the
// page still comes is kept until the page is whole.
"use strict";

const MAX_TRIES = 3;
const WAIT_SECONDS = 10;
const REMEMBER_SECONDS = 15;
const TIMEOUT_MS = 30_000;
const PAUSE_MS = 1_000;
const MINUTE_MS = 60_000;
const MOST_REASONS = 10;

const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
const texts = JSON.parse(meta("milepost-texts") || "{}");
const keys = new WeakMap();
const whole = new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve));

class Unanswered extends Error {}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-command]");
  if (form === null) return;
  event.preventDefault();
  const { submitter } = event;
  whole.then(() => {
    if (isConfirmed(form) && form.getAttribute("aria-busy") !== "true") send(form, submitter);
  });
});
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-command]");
  if (form === null) return;
  forgetFault(event.target);
  if (event.target.matches("[data-equals]")) allowWhenTyped(form);
});
document.addEventListener("click", (event) => {
  const field = document.getElementById(event.target.closest("[data-copy]")?.dataset.copy ?? "");
  if (field !== null) copy(field);
});
whole.then(prepare);
document.addEventListener("htmx:after:swap", prepare);
rememberZone();

function prepare() {
  for (const form of document.querySelectorAll("form[data-command]")) {
    showTimes(form);
    allowWhenTyped(form);
  }
}

async function send(form, button) {
  forgetFaults(form);
  const { method, address, body } = request(form, button);
  const sent = method + address + (body instanceof File
    ? [body.name, body.size, body.lastModified].join() : JSON.stringify(body));
  if (keys.get(form)?.sent !== sent) keys.set(form, { sent, key: newKey() });
  busy(form, true);
  try {
    const answer = await tried(form, method, address, body, keys.get(form).key);
    if (answer.status < 500) keys.delete(form);
    rememberPosition(answer);
    const said = await json(answer);
    const results = answer.ok ? said.results ?? [] : [{ problem: { ...said, status: answer.status } }];
    const refused = results.filter((one) => one.problem).map((one) => one.problem);
    if (refused.length === 0) await done(form, said);
    else if (results.length > 1) several(form, results.length, refused);
    else explain(form, refused[0]);
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    summary(form, texts.unanswered, texts.unanswered_help);
  } finally {
    busy(form, false);
  }
}

function request(form, button) {
  const fields = values(form, button);
  let [method, address] = form.dataset.command.split(" ");
  address = address.replace(/\{([^}]+)\}/g, (_, name) => {
    const value = fields.get(name);
    fields.delete(name);
    return encodeURIComponent(value ?? "");
  }).replace(/(?<=[?&])[^=&]+=(&|$)/g, "").replace(/[?&]$/, "");
  const file = form.querySelector("input[type=file][data-body]");
  if (file !== null) return { method, address, body: file.files[0] ?? new File([], "none.csv") };
  const body = {};
  for (const [name, value] of fields) {
    if (method !== "PATCH" || changed(form, name)) put(body, name.split("."), value);
  }
  return { method, address, body };
}

function values(form, button) {
  const found = new Map();
  for (const field of form.elements) {
    if (!field.name || field.disabled || (field.type === "submit" && field !== button)) continue;
    if (field.type === "radio" && !field.checked) continue;
    if (field.type === "checkbox" && field.dataset.json === "list") {
      found.set(field.name, [...(found.get(field.name) ?? []), ...(field.checked ? [field.value] : [])]);
      continue;
    }
    const value = typed(field);
    if (value !== undefined) found.set(field.name, value);
  }
  return found;
}

function changed(form, name) {
  return [...form.elements].filter((field) => field.name === name).some((field) => {
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.options) return [...field.options].some((one) => one.selected !== one.defaultSelected);
    return field.value !== field.defaultValue;
  });
}

function typed(field) {
  if (field.type === "checkbox") return field.checked;
  if (field.multiple && field.selectedOptions) return [...field.selectedOptions].map((one) => one.value);
  const text = field.type === "textarea" ? field.value : field.value.trim();
  if (text === "") return field.dataset.empty === "null" ? null : undefined;
  switch (field.dataset.json) {
    case "number": return Number.isNaN(Number(text)) ? text : Number(text);
    case "percent": return Number.isNaN(Number(text)) ? text : Number(text) / 100;
    case "boolean": return text === "true";
    case "list": return text.split(/[\n,]/).map((one) => one.trim()).filter((one) => one !== "");
    case "date-time": return new Date(text).toISOString();
    case "json": return JSON.parse(text);
    default: return text;
  }
}

function put(body, path, value) {
  const last = path.pop();
  let place = body;
  for (const [number, step] of path.entries()) {
    if (step === "__proto__") return;
    place = place[step] ??= /^\d+$/.test(path[number + 1] ?? last) ? [] : {};
  }
  place[last] = value;
}

async function tried(form, method, address, body, key) {
  for (let tries = 1; ; tries += 1) {
    const answer = await asked(method, address, body, key);
    const passes = answer === null || answer.status === 503 || answer.status === 429;
    if (!passes) return answer;
    if (tries === MAX_TRIES) {
      if (answer === null) throw new Unanswered();
      return answer;
    }
    const seconds = Number(answer?.headers.get("Retry-After") ?? 0);
    await new Promise((resume) => setTimeout(resume, Math.min(Math.max(seconds * 1_000, PAUSE_MS * tries), 10_000)));
  }
}

async function asked(method, address, body, key) {
  const headers = {
    "Accept": "application/json",
    "Content-Type": mediaType(body),
    "Idempotency-Key": key,
    "Prefer": `wait=${WAIT_SECONDS}`,
  };
  if (meta("milepost-csrf")) headers["Milepost-CSRF"] = meta("milepost-csrf");
  const options = { method, headers, signal: AbortSignal.timeout(TIMEOUT_MS), redirect: "error" };
  if (body instanceof File) options.body = body;
  else if (method !== "DELETE" || Object.keys(body).length > 0) options.body = JSON.stringify(body);
  try {
    return await fetch(address, options);
  } catch {
    return null;
  }
}

// By the file's name: what a browser believes of a CSV file depends on what else is installed.
function mediaType(body) {
  if (!(body instanceof File)) return "application/json";
  const ending = body.name.split(".").pop().toLowerCase();
  return { csv: "text/csv", json: "application/json", ndjson: "application/x-ndjson", jsonl: "application/x-ndjson" }[ending]
    ?? (body.type || "application/octet-stream");
}

async function json(answer) {
  try {
    return await answer.json();
  } catch {
    return {};
  }
}

async function done(form, answer) {
  const { done: next, swap, said } = form.dataset;
  document.dispatchEvent(new CustomEvent("milepost:done", { detail: { form, answer } }));
  if (next !== undefined) {
    const fields = values(form, null);
    location.assign(next.replace(/\{([^}]+)\}/g, (_, name) =>
      encodeURIComponent(answer[name] ?? fields.get(name) ?? "")));
    return;
  }
  const status = form.querySelector(".said");
  if (swap === undefined) {
    location.reload();
    return;
  }
  form.reset();
  tell(form, answer);
  await htmx.ajax("GET", location.pathname + location.search, { target: swap, select: swap, swap: "outerHTML" });
  status.textContent = said ?? texts.done;
}

// What the answer says once: nobody can ask for it again.
function tell(form, answer) {
  for (const place of form.querySelectorAll("[data-told]")) {
    const field = place.querySelector("input");
    field.value = answer[place.dataset.told] ?? "";
    place.hidden = field.value === "";
    if (!place.hidden) field.select();
  }
}

// There is no clipboard over plain http, but on this machine itself: then the text is selected only.
async function copy(field) {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    return;
  }
  field.form.querySelector(".said").textContent = texts.copied;
}

function explain(form, problem) {
  if (problem.status === 401) {
    summary(form, texts.signed_out, texts.signed_out_help);
    return;
  }
  const { known, said } = words(problem);
  const places = problem.faults?.length ? problem.faults : [{ path: problem.path, message: said }];
  const shown = places.filter((one) => atField(form, one));
  if (shown.length > 0) {
    form.querySelector("[aria-invalid]").focus();
    return;
  }
  const kind = kindOf(problem);
  summary(form, said ?? kind, known === undefined || said === undefined ? kind : "");
}

// Of many that were asked for at once: how many were refused, and for what, the most frequent first.
function several(form, all, problems) {
  const reasons = new Map();
  for (const one of problems) {
    const said = words(one).said ?? kindOf(one);
    reasons.set(said, (reasons.get(said) ?? 0) + 1);
  }
  const shown = [...reasons].sort((one, other) => other[1] - one[1]).slice(0, MOST_REASONS);
  summary(form, filled(texts.some_refused, { refused: problems.length, all }),
    ...shown.map(([said, number]) => `${number} × ${said}`));
}

function words(problem) {
  const name = (problem.type ?? "").replace("urn:milepost:problem:", "");
  const known = texts[`problem.${name}`];
  return { known, said: known === undefined ? problem.detail : filled(known, problem) };
}

function kindOf({ status }) {
  return texts[`status.${status}`] ?? texts[`status.${Math.floor(status / 100)}`];
}

const filled = (text, facts) => text.replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");

// The page that follows waits until it shows what this form has just done.
function rememberPosition(answer) {
  const position = answer.headers.get("Milepost-Position");
  if (!answer.ok || !/^\d{1,18}$/.test(position ?? "")) return;
  document.cookie = `milepost-seen=${position}; Path=/; Max-Age=${REMEMBER_SECONDS}; SameSite=Lax`;
}

// Whether the form has the field that the fault is about.
function atField(form, { path, key, message, condition }) {
  const name = key ?? (path ?? "").replace(/^\$\.?/, "").replace(/\[(\d+)\]/g, ".$1");
  const field = name && (form.elements.namedItem(name) ?? form.elements.namedItem(name.split(".")[0]));
  const place = field && document.getElementById(`${field.id}-fault`);
  if (!place) return false;
  field.setAttribute("aria-invalid", "true");
  place.textContent = message ?? texts[`fault.${condition}`] ?? (condition ?? "").replaceAll("_", " ");
  place.hidden = false;
  return true;
}

function summary(form, title, ...more) {
  const place = form.querySelector(".problem");
  const rest = more.filter((one) => one && one !== title);
  place.replaceChildren(paragraph(title, "strong"), ...rest.map((one) => paragraph(one)));
  place.hidden = false;
  place.focus();
}

function paragraph(text, kind) {
  const made = document.createElement("p");
  const inside = kind ? made.appendChild(document.createElement(kind)) : made;
  inside.textContent = text ?? "";
  inside.dir = "auto";
  return made;
}

function forgetFaults(form) {
  form.querySelector(".problem").hidden = true;
  for (const field of form.querySelectorAll("[aria-invalid]")) forgetFault(field);
}

function forgetFault(field) {
  if (!field.hasAttribute("aria-invalid")) return;
  field.removeAttribute("aria-invalid");
  document.getElementById(`${field.id}-fault`).hidden = true;
}

function busy(form, now) {
  form.setAttribute("aria-busy", String(now));
  const status = form.querySelector(".said");
  if (now) status.textContent = texts.sending;
  else if (status.textContent === texts.sending) status.textContent = "";
  for (const button of form.querySelectorAll("button")) button.disabled = now;
  if (!now) allowWhenTyped(form);
}

function allowWhenTyped(form) {
  if (form.querySelector("[data-equals]") === null) return;
  form.querySelector("button[type=submit]").disabled = !isConfirmed(form);
}

function isConfirmed(form) {
  const field = form.querySelector("[data-equals]");
  return field === null || field.value.trim() === field.dataset.equals;
}

function showTimes(form) {
  for (const field of form.querySelectorAll("input[data-time]")) {
    const at = new Date(field.dataset.time);
    const local = new Date(at.getTime() - at.getTimezoneOffset() * MINUTE_MS);
    field.defaultValue = local.toISOString().slice(0, "2026-03-04T09:00".length);
  }
}

// Not `randomUUID`, which plain http does not have but on this machine itself.
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
}

function rememberZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone || document.cookie.includes(`milepost-tz=${zone}`)) return;
  document.cookie = `milepost-tz=${zone}; Path=/; Max-Age=31536000; SameSite=Lax`;
}
