/** When to ask again, and how long to wait before. */

/** `attempts` counts the first one too. Pauses double, with jitter. */
export interface Retries {
  readonly attempts: number;
  readonly firstPauseSeconds: number;
  /** A longer `Retry-After` is not waited for: the caller hears the problem, and decides. */
  readonly longestPauseSeconds: number;
}

export const USUAL: Retries = { attempts: 7, firstPauseSeconds: 0.1, longestPauseSeconds: 10 };

/** Milepost is busy or away, or a proxy before it says so. All commands may be repeated. */
export function passes(status: number): boolean {
  return [429, 502, 503, 504].includes(status);
}

/** Before the next attempt, after so many; `undefined`: give up. */
export function pauseSeconds(
  retries: Retries,
  failures: number,
  retryAfterSeconds = 0,
): number | undefined {
  if (failures >= retries.attempts || retryAfterSeconds > retries.longestPauseSeconds) {
    return undefined;
  }
  const pause = Math.min(retries.firstPauseSeconds * 2 ** (failures - 1), retries.longestPauseSeconds);
  return Math.max(pause * (0.5 + Math.random() / 2), retryAfterSeconds);
}

/** Rejects as soon as the signal does. */
export async function sleep(seconds: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(done, seconds * 1000);
    signal?.addEventListener("abort", stop, { once: true });

    function done(): void {
      signal?.removeEventListener("abort", stop);
      resolve();
    }

    function stop(): void {
      clearTimeout(timer);
      reject(signal?.reason);
    }
  });
}
