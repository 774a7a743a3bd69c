export { Milepost, type Options, value } from "./client.ts";
export { NoAnswer, NotSettled, Problem } from "./errors.ts";
export {
  type CloudEvent,
  type EventFilter,
  type Fact,
  type FeedOptions,
  isA,
  type Page,
  type StreamOptions,
} from "./events.ts";
export { type Retries, USUAL } from "./retries.ts";
export type { components, operations, paths } from "./schema.ts";
export type { Token } from "./transport.ts";
