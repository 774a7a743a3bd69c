/** A Milepost over HTTP, for one school: the one that the token names. */

import createClient, { type Client } from "openapi-fetch";
import {
  type CloudEvent,
  feed,
  type FeedOptions,
  type Page,
  stream,
  type StreamOptions,
} from "./events.ts";
import { type Retries, USUAL } from "./retries.ts";
import type { paths } from "./schema.ts";
import { type Token, Transport } from "./transport.ts";

export interface Options {
  readonly token: Token;
  readonly retries?: Retries;
  /** 30, where it is not said; what waits may take longer. */
  readonly timeoutSeconds?: number;
  readonly fetch?: typeof fetch;
}

/** What openapi-fetch gives. `response` is a success: all else is thrown. */
interface Called<Data> {
  readonly data?: Data;
  readonly response: Response;
}

export class Milepost {
  /** Every path of the API, typed: `milepost.api.GET("/me")`. Hand the call to `value`. */
  readonly api: Client<paths>;
  readonly #address: string;
  readonly #transport: Transport;

  constructor(address: string, options: Options | Transport) {
    this.#address = address;
    this.#transport = options instanceof Transport ? options : transportOf(options);
    const send = (asked: Request): Promise<Response> => this.#transport.send(asked);
    this.api = createClient<paths>({ baseUrl: address, fetch: send });
  }

  /** In the log, of the latest that was done here. Reads show at least that. */
  get position(): number | undefined {
    return this.#transport.place.position;
  }

  /** Carried over from elsewhere: another tab, the server that drew the page. */
  set position(position: number | undefined) {
    this.#transport.place.position = position;
  }

  /**
   * The same; answers come when all that follows has followed: an award, say. Of a command, what
   * follows from it; of a read, from what was done here before. After at most 30 seconds, throws
   * `NotSettled`.
   */
  settled(seconds = 10): Milepost {
    return new Milepost(this.#address, this.#transport.waiting(seconds));
  }

  /**
   * What has happened behind a position, or since a time, page by page without end. Keep a page's
   * `position` in the transaction of what you do with it, and begin there the next time.
   */
  feed(options: FeedOptions = {}): AsyncGenerator<Page, void> {
    return feed(this.#transport, this.#address, options);
  }

  /** What happens, one by one without end. When it breaks, it goes on behind the last event. */
  stream(options: StreamOptions = {}): AsyncGenerator<CloudEvent, void> {
    return stream(this.#transport, this.#address, options);
  }
}

/** What a call gives when it succeeds. Throws `Problem`, `NoAnswer`, `NotSettled`. */
export async function value<Data>(call: Promise<Called<Data>>): Promise<Data> {
  return (await call).data as Data;
}

function transportOf(options: Options): Transport {
  return new Transport({
    token: options.token,
    retries: options.retries ?? USUAL,
    timeoutSeconds: options.timeoutSeconds ?? 30,
    fetch: options.fetch ?? ((...asked) => fetch(...asked)),
  });
}
