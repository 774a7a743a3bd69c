/** Server-sent events, as the HTML standard has them (section 9.2.6). */

/** One without data only tells a new `id`: how far the stream has come. */
export interface Message {
  readonly event: string;
  readonly data: string;
  readonly id: string;
}

/** What is not ended by an empty line is not whole, and is dropped. */
export async function* messages(body: ReadableStream<Uint8Array>): AsyncGenerator<Message, void> {
  let [event, id, told] = ["message", "", ""];
  let data: string[] = [];
  for await (const line of lines(body)) {
    if (line === "") {
      if (data.length > 0 || id !== told) yield { event, data: data.join("\n"), id };
      [event, data, told] = ["message", [], id];
      continue;
    }
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") data.push(value);
    else if (name === "event") event = value;
    else if (name === "id" && !value.includes("\0")) id = value;
  }
}

async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const found = (rest + decoder.decode(part.value, { stream: true })).split("\n");
      rest = found.pop() ?? "";
      for (const line of found) yield line.replace(/\r$/, "");
    }
  } finally {
    await reader.cancel().catch(() => undefined); // it has broken already, or nobody listens
  }
}
