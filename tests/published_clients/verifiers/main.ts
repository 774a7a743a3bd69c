import { readFileSync } from "node:fs";
import { Forged, verify } from "./verify-webhook.ts";

for (const line of readFileSync(0, "utf8").trim().split("\n")) {
  const [id, at, signature, body, secrets, now] = line.split("\t");
  const headers = { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": signature };
  try {
    verify(headers, Buffer.from(body, "base64"), secrets.split(","), Number(now));
    console.log("genuine");
  } catch (error) {
    if (!(error instanceof Forged)) throw error;
    console.log("forged");
  }
}
