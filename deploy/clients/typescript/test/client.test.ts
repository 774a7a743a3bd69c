/** What it sends, what it makes of answers, and when it asks again. `npm test`: Node 22.18 or newer. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type CloudEvent,
  type Fact,
  isA,
  Milepost,
  NoAnswer,
  NotSettled,
  Problem,
  type Retries,
  value,
} from "../src/index.ts";

const QUICK: Retries = { attempts: 7, firstPauseSeconds: 0.001, longestPauseSeconds: 0.01 };
const COURSE = { title: "SQL", lessons: [{ id: "select", title: "SELECT" }] };
const PAGE = { position: 1, as_of: null, next: null, enrollments: [] };

type Reply = (asked: Request) => Response | Promise<Response>;

/** The network: replies in turn, and notes what it was asked. */
function network(...replies: Reply[]) {
  const asked: Request[] = [];
  async function fetch(input: RequestInfo | URL): Promise<Response> {
    const request = input as Request;
    asked.push(request.clone());
    const reply = replies.shift();
    if (reply === undefined) throw new Error("nothing more is expected");
    return reply(request);
  }
  const options = { token: "token", retries: QUICK, fetch };
  return { asked, milepost: new Milepost("http://milepost.test", options), left: replies };
}

function json(body: unknown, status = 200, headers: Record<string, string> = {}): Reply {
  return () => new Response(JSON.stringify(body), { status, headers });
}

function problem(name: string, status: number, headers = {}, facts = {}): Reply {
  return json({ type: `urn:milepost:problem:${name}`, title: name, ...facts }, status, headers);
}

const broken: Reply = () => Promise.reject(new TypeError("the connection broke"));

function publish(milepost: Milepost, headers: Record<string, string> = {}) {
  const path = "/enrollment/courses/{course}/versions";
  return value(
    milepost.api.POST(path, { params: { path: { course: "sql/101" } }, body: COURSE, headers }),
  );
}

test("what passes is asked again with the same key and the same body", async () => {
  const busy = problem("unavailable", 503, { "Retry-After": "0" });
  const page: Reply = () => new Response("<h1>Bad gateway</h1>", { status: 502 });
  const { asked, milepost } = network(busy, broken, page, json({ version: 1 }, 201));
  assert.equal((await publish(milepost)).version, 1);
  assert.equal(asked.length, 4);
  assert.equal(new Set(asked.map((one) => one.headers.get("Idempotency-Key"))).size, 1);
  for (const one of asked) {
    assert.deepEqual(await one.json(), COURSE);
    assert.equal(one.headers.get("Authorization"), "Bearer token");
    assert.equal(new URL(one.url).pathname, "/enrollment/courses/sql%2F101/versions");
  }
});

test("a key of the caller's own is kept", async () => {
  const { asked, milepost } = network(json({ version: 1 }));
  await publish(milepost, { "Idempotency-Key": "click-4711" });
  assert.equal(asked[0]?.headers.get("Idempotency-Key"), "click-4711");
});

test("repeats have an end", async () => {
  const { asked, milepost } = network(...Array<Reply>(20).fill(broken));
  await assert.rejects(publish(milepost), NoAnswer);
  assert.equal(asked.length, QUICK.attempts);
});

test("a refusal is thrown with its facts, and not asked again", async () => {
  const full = problem("offering_full", 409, {}, { offering: "spring", seats: 1 });
  const { asked, milepost } = network(full, problem("unexpected", 500));
  await assert.rejects(publish(milepost), (error: unknown) => {
    assert(error instanceof Problem);
    assert.deepEqual([error.problem, error.status], ["offering_full", 409]);
    assert.deepEqual(error.facts, { offering: "spring", seats: 1 });
    return true;
  });
  await assert.rejects(publish(milepost), { problem: "unexpected" });
  assert.equal(asked.length, 2);
});

test("a long pause is left to the caller", async () => {
  const { asked, milepost } = network(problem("vault_locked", 503, { "Retry-After": "3600" }));
  await assert.rejects(publish(milepost), { problem: "vault_locked", retryAfterSeconds: 3600 });
  assert.equal(asked.length, 1);
});

test("what does not answer in time is no answer", async () => {
  const silent: Reply = (asked) =>
    new Promise((_, reject) => {
      asked.signal.addEventListener("abort", () => reject(asked.signal.reason));
    });
  const once = { ...QUICK, attempts: 1 };
  const milepost = new Milepost("http://milepost.test", {
    token: "token",
    retries: once,
    timeoutSeconds: 0.02,
    fetch: async (asked) => silent(asked as Request),
  });
  await assert.rejects(publish(milepost), NoAnswer);
});

test("reads carry the position of what was done, and say what they wait for", async () => {
  const done = json({ version: 1 }, 201, { "Milepost-Position": "7" });
  const settled = json(PAGE, 200, { "Milepost-Position": "9", "Milepost-Settled": "true" });
  const late = { "Milepost-Settled": "false", "Milepost-Waits-For": "policy/a, policy/b;parked" };
  const { asked, milepost } = network(done, json(PAGE), settled, json(PAGE, 200, late));
  await publish(milepost);
  await value(milepost.api.GET("/dashboards/enrollments"));
  await value(milepost.settled(3).api.GET("/dashboards/enrollments"));
  assert.equal(milepost.position, 9);
  await assert.rejects(value(milepost.settled(3).api.GET("/dashboards/enrollments")), (error) => {
    assert(error instanceof NotSettled);
    assert.deepEqual(error.waitsFor, ["policy/a", "policy/b;parked"]);
    return true;
  });
  const sent = asked.map((one) => [
    one.headers.get("Milepost-Position"),
    one.headers.get("Prefer"),
  ]);
  assert.deepEqual(sent, [[null, null], ["7", null], ["7", "wait=3"], ["9", "wait=3"]]);
});

function events(...positions: number[]) {
  return positions.map((position) => ({ id: `e${position}`, position: String(position) }));
}

test("the feed goes on where a page has read to, until the end", async () => {
  const head = { "Milepost-Head": "9" };
  const first = json(events(2, 3), 200, { "Milepost-Position": "5", ...head });
  const last = json([], 200, { "Milepost-Position": "9", ...head });
  const { asked, milepost } = network(first, broken, last);
  const pages = [];
  for await (const page of milepost.feed({ types: ["a", "b"], learners: ["ann"], waitSeconds: 0 })) {
    pages.push([page.events.map((one) => one.id), page.position]);
  }
  assert.deepEqual(pages, [[["e2", "e3"], 5], [[], 9]]);
  const query = asked.map((one) => new URL(one.url).searchParams);
  assert.deepEqual(query.map((one) => one.get("after")), ["0", "5", "5"]);
  assert.deepEqual(query[0]?.getAll("type"), ["a", "b"]);
  assert.equal(query[0]?.get("learner"), "ann");
});

function streamed(...parts: string[]): Reply {
  const encoder = new TextEncoder();
  return () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const part of parts) controller.enqueue(encoder.encode(part));
        controller.close();
      },
    });
    return new Response(body);
  };
}

function message(position: number): string {
  return `id: ${position}\nevent: a\ndata: ${JSON.stringify(events(position)[0])}\n\n`;
}

test("a stream that breaks goes on behind the last event, or the last place it told", async () => {
  const { asked, milepost } = network(
    streamed("retry: 2000\n: events follow\nid: 4\n\n"),
    streamed(message(5).slice(0, 9), message(5).slice(9), ": nothing new\n\n", message(6).slice(0, -1)),
    problem("unavailable", 503),
    streamed(message(6).replaceAll("\n", "\r\n"), message(7)),
  );
  const found: string[] = [];
  const stopped = new AbortController();
  await assert.rejects(async () => {
    for await (const event of milepost.stream({ signal: stopped.signal })) {
      found.push(event.id);
      if (found.length === 3) stopped.abort();
    }
  });
  assert.deepEqual(found, ["e5", "e6", "e7"]);
  const ids = asked.map((one) => one.headers.get("Last-Event-ID"));
  assert.deepEqual(ids, [null, "4", "5", "5"]);
});

test("a stream that is refused throws", async () => {
  const { milepost } = network(problem("role_missing", 403));
  await assert.rejects(milepost.stream().next(), { problem: "role_missing" });
});

test("an event is told by its name, and then has types", () => {
  const data = { credential: "c", learner: "ann", achievement: "sql" };
  const event = { type: "milepost.credential_awarded", data } as unknown as CloudEvent;
  assert(!isA(event, "credential_revoked"));
  assert(isA(event, "credential_awarded"));
  const learner: Fact<"credential_awarded">["learner"] = event.data.learner;
  assert.equal(learner, "ann");
});

/** Never run: each line is a mistake that the compiler must find. */
export function mistakes({ api }: Milepost): void {
  const params = { path: { offering: "spring" } };
  // @ts-expect-error - there is no such path
  void api.GET("/enrollment/nothing");
  // @ts-expect-error - whom?
  void api.POST("/enrollment/offerings/{offering}/enrollments", { params, body: {} });
  const wrong = { learner: "ann", mode: "fast" } as const;
  // @ts-expect-error - no such mode
  void api.POST("/enrollment/offerings/{offering}/enrollments", { params, body: wrong });
  // @ts-expect-error - nothing is called so
  const nothing: Fact<"credential_won"> = {};
  void nothing;
  // @ts-expect-error - answers have no such member
  void value(api.GET("/dashboards/enrollments")).then((page) => page.rows);
}
