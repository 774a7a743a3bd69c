// Tells a page that something of it has changed, and its reader when its numbers are old.
//
//   <body data-topics="offering/o-1 learner/l-7">
//   <section hx-get="…" hx-trigger="changed from:body" …>
//
// One stream a page that somebody sees: a browser holds six connections to a site, and a page in
// the background needs none. Whoever comes back says where it was (`after`) and is told what it
// missed. Many pages are told at once: each waits its part of `spread` before it asks.

const BEAT_MS = 10_000;
const LOST_MS = 10_000;
const SILENT_MS = 2.5 * BEAT_MS;
const HIDDEN_MS = 5_000;
const LEAST_MS = 1_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

const topics = (document.body.dataset.topics ?? "").split(" ").filter(Boolean);
const texts = JSON.parse(document.querySelector('meta[name="milepost-texts"]')?.content || "{}");

let stream = null;
let position = shownPosition();
let heardAt = Date.now();
let lostAt = null;
let behind = null;
let toldAt = 0;
let telling = null;
let waiting = new Set();
let retryMs = FIRST_RETRY_MS;
let retrying = null;
let hiding = null;
let missed = false;
let againMs = FIRST_RETRY_MS;
let again = null;

if (topics.length > 0) {
  document.addEventListener("visibilitychange", seenOrNot);
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => event.persisted && open());
  document.addEventListener("htmx:error", unanswered);
  document.addEventListener("htmx:response:error", unanswered);
  document.addEventListener("htmx:after:swap", answered);
  setInterval(look, LEAST_MS);
  if (!document.hidden) open();
}

// The page's own freshness says which position it shows.
function shownPosition() {
  const all = [...document.querySelectorAll("[data-position]")].map((one) => Number(one.dataset.position));
  return all.length > 0 ? Math.min(...all) : null;
}

function open() {
  close();
  const query = new URLSearchParams(topics.map((topic) => ["topic", topic]));
  if (position !== null) query.set("after", position);
  stream = new EventSource(`/live?${query}`);
  stream.addEventListener("open", heard);
  stream.addEventListener("beat", heard);
  stream.addEventListener("changed", (event) => {
    heard(event);
    const told = JSON.parse(event.data);
    for (const topic of told.topics) waiting.add(topic);
    tellSoon(told.spread * 1_000);
  });
  stream.addEventListener("stale", (event) => {
    heard(event);
    behind = JSON.parse(event.data);
    show();
  });
  stream.addEventListener("fresh", (event) => {
    heard(event);
    behind = null;
    show();
  });
  stream.addEventListener("error", lost);
}

function close() {
  stream?.close();
  stream = null;
  clearTimeout(retrying);
}

function heard(event) {
  heardAt = Date.now();
  lostAt = null;
  retryMs = FIRST_RETRY_MS;
  if (event.lastEventId) position = Number(event.lastEventId);
  show();
}

// The browser comes back by itself, unless it was refused: then the page does, ever more seldom.
function lost() {
  lostAt ??= Date.now();
  if (stream?.readyState !== EventSource.CLOSED) return;
  clearTimeout(retrying);
  retrying = setTimeout(open, retryMs * (0.5 + Math.random()));
  retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS);
}

function look() {
  if (stream === null) return;
  if (Date.now() - heardAt > SILENT_MS && lostAt === null) {
    lostAt = heardAt;
    open();
  }
  show();
}

function seenOrNot() {
  clearTimeout(hiding);
  if (document.hidden) {
    hiding = setTimeout(close, HIDDEN_MS);
  } else if (stream === null) {
    heardAt = Date.now();
    lostAt = null;
    open();
  }
}

function tellSoon(spreadMs) {
  if (telling !== null) return;
  const least = Math.max(0, toldAt + LEAST_MS - Date.now());
  telling = setTimeout(tell, least + Math.random() * spreadMs);
}

function tell() {
  const detail = { topics: [...waiting] };
  waiting = new Set();
  telling = null;
  toldAt = Date.now();
  document.body.dispatchEvent(new CustomEvent("changed", { bubbles: true, detail }));
}

// What was asked for and not answered leaves old numbers on the page: it is asked for again.
function unanswered(event) {
  if (!follows(event)) return;
  missed = true;
  show();
  if (again !== null) return;
  again = setTimeout(() => {
    again = null;
    tell();
  }, againMs * (0.5 + Math.random()));
  againMs = Math.min(2 * againMs, LONGEST_RETRY_MS);
}

function answered(event) {
  if (!follows(event) || event.detail.ctx?.response?.status >= 400) return;
  missed = false;
  againMs = FIRST_RETRY_MS;
  show();
}

function follows(event) {
  const part = event.detail?.ctx?.sourceElement ?? event.target;
  return part instanceof Element && part.matches('[hx-trigger*="changed"]');
}

function show() {
  const gone = missed || (lostAt !== null && Date.now() - lostAt > LOST_MS);
  const text = gone ? texts.live_lost : behind !== null ? texts.live_behind : "";
  let note = document.getElementById("live-note");
  if (note === null) {
    if (!text) return;
    note = document.createElement("p");
    note.id = "live-note";
    note.setAttribute("role", "status");
    note.className = "note warn";
    document.querySelector("main")?.prepend(note);
  }
  note.hidden = !text;
  if (note.textContent !== text) note.textContent = text;
}
