// Reads an AsyncAPI document from stdin, and tells what the parser makes of it.
import { readFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';

const { document, diagnostics } = await new Parser().parse(readFileSync(0, 'utf8'));
const told = {
  version: document?.version(),
  channels: document?.channels().all().length,
  messages: document?.components().messages().all().length,
  faults: diagnostics.map(({ code, message, path }) => `${code}: ${message} (${path.join('/')})`),
};
process.stdout.write(JSON.stringify(told));
