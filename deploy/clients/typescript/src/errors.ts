/**
 * What can go wrong:
 *
 *     NoAnswer     nothing answered, or not in time, though it was asked again and again
 *     NotSettled   it was done, but what follows has not all followed yet
 *     Problem      Milepost refused, and says why (RFC 9457)
 */

const URN = "urn:milepost:problem:";
const MEMBERS = new Set(["type", "title", "status", "detail", "instance", "correlation"]);

/** What was sent may have been done. The same key again finds out, and does it once. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

/** The command was done. `waitsFor` are policies; one with `;parked` waits for an operator. */
export class NotSettled extends Error {
  override readonly name = "NotSettled";
  readonly response: Response;
  readonly waitsFor: readonly string[];

  constructor(response: Response) {
    const told = response.headers.get("Milepost-Waits-For") ?? "";
    super(`waits for ${told || "read models"}`);
    this.response = response;
    this.waitsFor = told.split(",").map((one) => one.trim()).filter(Boolean);
  }
}

/** Decide by `problem`, which never changes: `offering_full`. `facts` are its other members. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly problem: string;
  readonly status: number;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly document: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds: number | undefined;

  constructor(document: Record<string, unknown>, response: Response) {
    super(String(document["detail"] ?? document["title"] ?? `HTTP ${response.status}`));
    this.document = document;
    this.status = response.status;
    this.problem = String(document["type"] ?? "about:blank").replace(URN, "");
    this.facts = Object.fromEntries(Object.entries(document).filter(([name]) => !MEMBERS.has(name)));
    this.retryAfterSeconds = retryAfterSeconds(response.headers.get("Retry-After"));
  }

  static async of(response: Response): Promise<Problem> {
    const text = await response.text();
    try {
      return new Problem(JSON.parse(text) as Record<string, unknown>, response);
    } catch {
      return new Problem({ detail: text.slice(0, 200) }, response); // a proxy's page
    }
  }
}

function retryAfterSeconds(text: string | null): number | undefined {
  if (text === null) return undefined;
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}
