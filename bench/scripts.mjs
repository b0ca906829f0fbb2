// Scripts: the engine in wasm against a real server's CPU time for the same script, each in one run.
import { tools } from "../scripts/tools.mjs";
import { Engine } from "../tests/support/engine.mjs";
import { cpuMicros, encode, openConnection, row, startServer, title } from "./lib.mjs";

const { oracle } = tools();
if (!oracle) {
  console.log("skipped: no real server on this machine");
  process.exit(0);
}

const WORK = {
  "1,000,000 redis.call('INCR')": "for i = 1, 1000000 do redis.call('INCR', 'k') end return 1",
  "10,000,000 additions": "local n = 0 for i = 1, 10000000 do n = n + i end return 1",
  "sort of 10,000 numbers":
    "local t = {} local x = 1 for i = 1, 10000 do x = (x * 16807) % 2147483647 t[i] = x end table.sort(t) return 1",
  "100,000 strings joined": "local t = {} for i = 1, 100000 do t[i] = 'n' .. i end return #table.concat(t, ',')",
};
const ROUNDS = 3;
/** Instructions between two looks at the clock, as in www/host.js. */
const FUEL = 20_000;

const wasm = new Engine(1n, Date.now());
const id = wasm.connect();

/** Milliseconds of processor time that a whole script takes, by slices. @param {Buffer} request */
const here = (request) => {
  const start = process.cpuUsage();
  let out = wasm.exec(id, request);
  while (wasm.runs_script()) wasm.work(FUEL);
  if (!out.length) out = wasm.output(id);
  if (out[0] !== 58) throw new Error(Buffer.from(out).toString());
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
};

title("scripts, each in one run: CPU", "wasm", "real server");
const server = await startServer(oracle);
const connection = await openConnection(server.port);
for (const [name, script] of Object.entries(WORK)) {
  const request = encode("EVAL", script, 0);
  let [ours, theirs] = [Infinity, Infinity];
  for (let round = 0; round < ROUNDS; round++) {
    ours = Math.min(ours, here(request));
    const before = cpuMicros(server.pid);
    await connection.reply(request, 1);
    theirs = Math.min(theirs, (cpuMicros(server.pid) - before) / 1000);
  }
  row(name, `${ours.toFixed(0)} ms`, `${theirs.toFixed(0)} ms`, theirs / ours);
}
connection.close();
server.stop();
process.exit(0);
