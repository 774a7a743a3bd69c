// Types of the API and of events, as the Milepost at MILEPOST_HTTP has them: `npm run generate`.

import { writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const address = process.env.MILEPOST_HTTP ?? "http://127.0.0.1:8400";
// What has a default need not be sent.
const options = { defaultNonNullable: false };

async function fetched(name) {
  const answer = await fetch(new URL(`/schema/${name}.json`, address));
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status}`);
  return answer.json();
}

async function write(file, document) {
  await writeFile(`src/${file}`, astToString(await openapiTS(document, options)));
}

await write("schema.ts", await fetched("openapi"));
// An AsyncAPI document has its schemas where an OpenAPI document has them.
const { info, components } = await fetched("asyncapi");
const { schemas } = components;
await write("event-data.ts", { openapi: "3.1.0", info, paths: {}, components: { schemas } });
