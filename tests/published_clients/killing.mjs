// `node --import ./killing.mjs PROGRAM` with KILLED_AT=n: killed before its nth step, where a step is
// a question to the server or a statement to the database. It ends where the log does.

import { DatabaseSync } from "node:sqlite";

let steps = 0;

function step() {
  steps += 1;
  if (steps === Number(process.env.KILLED_AT)) process.kill(process.pid, "SIGKILL");
}

const { exec, prepare } = DatabaseSync.prototype;
DatabaseSync.prototype.exec = function (sql) {
  step();
  exec.call(this, sql);
};
DatabaseSync.prototype.prepare = function (sql) {
  const statement = prepare.call(this, sql);
  const { run } = statement;
  statement.run = function (...values) {
    step();
    return run.apply(statement, values);
  };
  return statement;
};

const ask = globalThis.fetch;
globalThis.fetch = async (asked, ...options) => {
  step();
  asked.searchParams.set("wait", "0");
  const answer = await ask(asked, ...options);
  step();
  if (asked.searchParams.get("after") === answer.headers.get("Milepost-Head")) process.exit(0);
  return answer;
};
