// Scripts, each in one run: the engine in wasm and redlab-server against a real server's CPU time for the same script.
import { tools } from "../scripts/tools.mjs";
import { Engine } from "../tests/support/engine.mjs";
import { cpuMicros, encode, limit, openConnection, row, startServer, title } from "./lib.mjs";

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
/** Most seconds that a script may take in wasm. @type {Record<string, number>} */
const SECONDS = { "1,000,000 redis.call('INCR')": 1.2, "10,000,000 additions": 1 };
/** The least ratio to a real server natively. @type {Record<string, number>} */
const RATIOS = { "1,000,000 redis.call('INCR')": 1 / 1.5, "sort of 10,000 numbers": 1 / 2 };
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

/** A server and a connection to it. @param {string} program */
const open = async (program) => {
  const server = await startServer(program);
  return { server, connection: await openConnection(server.port) };
};

/** The same on a server. @param {Awaited<ReturnType<typeof open>>} side @param {Buffer} request */
const there = async ({ server, connection }, request) => {
  const before = cpuMicros(server.pid);
  await connection.reply(request, 1);
  return (cpuMicros(server.pid) - before) / 1000;
};

/** @type {[string, number, number, number][]} */
const found = [];
const native = await open("target/release/redlab-server");
const real = await open(oracle);
for (const [name, script] of Object.entries(WORK)) {
  const request = encode("EVAL", script, 0);
  let best = [Infinity, Infinity, Infinity];
  for (let round = 0; round < ROUNDS; round++) {
    const times = [here(request), await there(native, request), await there(real, request)];
    best = best.map((time, side) => Math.min(time, times[side]));
  }
  found.push([name, best[0], best[1], best[2]]);
}
title("scripts, each in one run: CPU", "wasm", "real server");
for (const [name, ours, , theirs] of found)
  row(name, `${ours.toFixed(0)} ms`, `${theirs.toFixed(0)} ms`, theirs / ours);
for (const [name, ours] of found) if (SECONDS[name]) limit(name, ours / 1000, "s", SECONDS[name]);
title("scripts, each in one run: CPU", "native", "real server");
for (const [name, , ours, theirs] of found)
  row(name, `${ours.toFixed(0)} ms`, `${theirs.toFixed(0)} ms`, theirs / ours, RATIOS[name]);
for (const { server, connection } of [native, real]) {
  connection.close();
  server.stop();
}
process.exit(0);
