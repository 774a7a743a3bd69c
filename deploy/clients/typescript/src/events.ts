/**
 * What has happened, as CloudEvents: page by page, or one by one as they come.
 *
 *     feed     long polls; a page tells how far it has read, for who keeps that with what they do
 *     stream   one open request (server-sent events); for screens, which need no past
 */

import { NoAnswer, Problem } from "./errors.ts";
import type { components } from "./event-data.ts";
import { passes, pauseSeconds, sleep } from "./retries.ts";
import { messages } from "./serverSent.ts";
import type { Transport } from "./transport.ts";

const LONGEST_WAIT_SECONDS = 30;

/** `id` names it for ever; `position` is its place in the log, as a text. */
export interface CloudEvent {
  readonly specversion: "1.0";
  readonly id: string;
  readonly source: string;
  /** `milepost.credential_awarded` */
  readonly type: string;
  /** When it happened; `recordedat` is when it was written down. */
  readonly time: string;
  readonly subject: string;
  readonly tenant: string;
  readonly position: string;
  readonly recordedat: string;
  readonly data: Readonly<Record<string, unknown>>;
}

type Facts = components["schemas"];
type Camel<Name extends string> = Name extends `${infer First}_${infer Rest}`
  ? `${Capitalize<First>}${Camel<Rest>}`
  : Capitalize<Name>;

/** What an event of this name says: `Fact<"credential_awarded">`. */
export type Fact<Name extends string> = Camel<Name> extends keyof Facts ? Facts[Camel<Name>] : never;

/** `if (isA(event, "credential_awarded")) greet(event.data.learner)` */
export function isA<Name extends string>(
  event: CloudEvent,
  name: Name,
): event is CloudEvent & { readonly data: Fact<Name> } {
  return event.type === `milepost.${name}`;
}

/** `position`: how far it has read, which is further than its last event where none matched. */
export interface Page {
  readonly events: readonly CloudEvent[];
  readonly position: number;
  readonly head: number;
}

/** Events of these types, such as `credential_awarded`, about any of these. */
export interface EventFilter {
  readonly types?: readonly string[];
  readonly courses?: readonly string[];
  readonly offerings?: readonly string[];
  readonly achievements?: readonly string[];
  readonly learners?: readonly string[];
}

export interface FeedOptions extends EventFilter {
  readonly after?: number;
  readonly since?: Date;
  readonly limit?: number;
  /** 0: ends at the end of the log. */
  readonly waitSeconds?: number;
  readonly signal?: AbortSignal;
}

export interface StreamOptions extends EventFilter {
  /** From now on, where it is not said. */
  readonly after?: number;
  readonly signal?: AbortSignal;
}

export async function* feed(
  transport: Transport,
  address: string,
  options: FeedOptions,
): AsyncGenerator<Page, void> {
  const waitSeconds = options.waitSeconds ?? LONGEST_WAIT_SECONDS;
  let start: Record<string, string> = options.since
    ? { since: options.since.toISOString() }
    : { after: String(options.after ?? 0) };
  for (;;) {
    const asked = filtered(new URL("/events", address), options);
    const named = { ...start, limit: String(options.limit ?? 1000), wait: String(waitSeconds) };
    for (const [name, value] of Object.entries(named)) asked.searchParams.set(name, value);
    const page = await read(transport, asked, waitSeconds, options.signal);
    yield page;
    if (waitSeconds === 0 && page.position >= page.head) return;
    start = { after: String(page.position) };
  }
}

async function read(
  transport: Transport,
  asked: URL,
  waitSeconds: number,
  signal?: AbortSignal,
): Promise<Page> {
  const answer = await transport.send(new Request(asked, signal ? { signal } : {}), waitSeconds);
  return {
    events: (await answer.json()) as CloudEvent[],
    position: Number(answer.headers.get("Milepost-Position")),
    head: Number(answer.headers.get("Milepost-Head")),
  };
}

export async function* stream(
  transport: Transport,
  address: string,
  options: StreamOptions,
): AsyncGenerator<CloudEvent, void> {
  const asked = filtered(new URL("/events/stream", address), options);
  let last = options.after === undefined ? "" : String(options.after);
  for (let failures = 1; ; failures++) {
    let failure: Problem | NoAnswer = new NoAnswer("The stream has ended.");
    const headers = { Accept: "text/event-stream", ...(last && { "Last-Event-ID": last }) };
    const signal = options.signal ? { signal: options.signal } : {};
    const answer = await transport.open(new Request(asked, { headers, ...signal }));
    if (answer instanceof Response) {
      try {
        for await (const message of messages(answer.body ?? new ReadableStream())) {
          [failures, last] = [0, message.id || last];
          if (message.data) yield JSON.parse(message.data) as CloudEvent;
        }
      } catch (error) {
        options.signal?.throwIfAborted();
        failure = new NoAnswer(String(error), { cause: error });
      }
    } else {
      failure = answer;
    }
    await before(failure, failures, transport, options.signal);
  }
}

/** The pause before the stream is opened anew. Throws where there is no use in that. */
async function before(
  failure: Problem | NoAnswer,
  failures: number,
  transport: Transport,
  signal?: AbortSignal,
): Promise<void> {
  const after = failure instanceof Problem ? failure.retryAfterSeconds : undefined;
  const again = failure instanceof NoAnswer || passes(failure.status);
  const { retries } = transport.settings;
  const pause = again ? pauseSeconds(retries, Math.max(1, failures), after) : undefined;
  if (pause === undefined) throw failure;
  await sleep(pause, signal);
}

function filtered(asked: URL, filter: EventFilter): URL {
  const named = {
    type: filter.types,
    course: filter.courses,
    offering: filter.offerings,
    achievement: filter.achievements,
    learner: filter.learners,
  };
  for (const [name, values] of Object.entries(named)) {
    for (const value of values ?? []) asked.searchParams.append(name, value);
  }
  return asked;
}
