/**
 * One request and its answer: token, key, position, repeats, problems. A `fetch` to be handed on.
 *
 * A transport error, 429, 502, 503, 504: wait, and once more with the same `Idempotency-Key`, so
 * that it is done once.
 */

import { NoAnswer, NotSettled, Problem } from "./errors.ts";
import { passes, pauseSeconds, type Retries, sleep } from "./retries.ts";

const POSITION = "Milepost-Position";

/** A text, or what gives one that is still valid: it is asked before each request. */
export type Token = string | (() => string | Promise<string>);

export interface Settings {
  readonly token: Token;
  readonly retries: Retries;
  readonly timeoutSeconds: number;
  readonly fetch: typeof fetch;
}

/** How far the log had come when this client last did something: its reads show that. */
export class Place {
  position: number | undefined;

  reaches(position: number): void {
    this.position = Math.max(this.position ?? 0, position);
  }
}

export class Transport {
  readonly settings: Settings;
  readonly place: Place;
  readonly #waitSeconds: number | undefined;

  constructor(settings: Settings, place = new Place(), waitSeconds?: number) {
    this.settings = settings;
    this.place = place;
    this.#waitSeconds = waitSeconds;
  }

  /** The same, whose answers come when all that follows has followed. */
  waiting(seconds: number): Transport {
    return new Transport(this.settings, this.place, seconds);
  }

  /** A success. Throws `Problem`, `NoAnswer`, `NotSettled`. */
  async send(asked: Request, patienceSeconds = this.#waitSeconds ?? 0): Promise<Response> {
    const keyed = this.#keyed(asked);
    for (let failures = 1; ; failures++) {
      const answer = await this.#attempt(keyed, patienceSeconds);
      if (answer instanceof Response) return this.#noted(asked.method, answer);
      const again = answer instanceof NoAnswer || passes(answer.status);
      const after = answer instanceof Problem ? answer.retryAfterSeconds : undefined;
      const pause = again ? pauseSeconds(this.settings.retries, failures, after) : undefined;
      if (pause === undefined) throw answer;
      await sleep(pause, asked.signal);
    }
  }

  /** An answer that is read while it comes, for as long as it comes. Asked once. */
  async open(asked: Request): Promise<Response | Problem | NoAnswer> {
    return this.#attempt(this.#keyed(asked), undefined);
  }

  async #attempt(
    asked: Request,
    patienceSeconds: number | undefined,
  ): Promise<Response | Problem | NoAnswer> {
    const headers = await this.#headers(asked);
    const late = new AbortController();
    const seconds = this.settings.timeoutSeconds + (patienceSeconds ?? 0);
    const timer = setTimeout(() => late.abort(new Error("no answer in time")), seconds * 1000);
    const signal = AbortSignal.any([asked.signal, late.signal]);
    try {
      const answer = await this.settings.fetch(new Request(asked.clone(), { headers, signal }));
      if (!answer.ok) return await Problem.of(answer);
      if (patienceSeconds === undefined) return answer;
      const whole = await answer.arrayBuffer(); // within the time, too
      return new Response(BODILESS.has(answer.status) ? null : whole, answer);
    } catch (error) {
      asked.signal.throwIfAborted(); // it is the caller who wants no answer
      return new NoAnswer(`${asked.method} ${asked.url}: ${String(error)}`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  /** A command without a key of its own gets one, so that it may be repeated. */
  #keyed(asked: Request): Request {
    if (asked.method === "GET" || asked.headers.has("Idempotency-Key")) return asked;
    const keyed = new Request(asked);
    keyed.headers.set("Idempotency-Key", crypto.randomUUID());
    return keyed;
  }

  async #headers(asked: Request): Promise<Headers> {
    const { token } = this.settings;
    const headers = new Headers(asked.headers);
    headers.set("Authorization", `Bearer ${typeof token === "string" ? token : await token()}`);
    if (asked.method === "GET" && this.place.position !== undefined && !headers.has(POSITION)) {
      headers.set(POSITION, String(this.place.position));
    }
    if (this.#waitSeconds !== undefined) headers.set("Prefer", `wait=${this.#waitSeconds}`);
    return headers;
  }

  #noted(method: string, answer: Response): Response {
    const position = answer.headers.get(POSITION);
    const settled = answer.headers.get("Milepost-Settled");
    if (position !== null && (method !== "GET" || settled !== null)) {
      this.place.reaches(Number(position));
    }
    if (settled === "false") throw new NotSettled(answer);
    return answer;
  }
}

const BODILESS = new Set([204, 205, 304]);
