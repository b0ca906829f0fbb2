// The engine in wasm, in Node, against JavaScript mocks and against a real server's CPU time.
//   node bench/peers.mjs            all
//   node bench/peers.mjs --part memory|calls|batches|collections|ranks|pause|start
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { tools } from "../scripts/tools.mjs";
import { Engine, memoryBytes } from "../tests/support/engine.mjs";
import { Client } from "./client.mjs";
import {
  RANGE,
  WORK,
  cpuMicros,
  encode,
  limit,
  median,
  openConnection,
  random,
  residentBytes,
  row,
  startServer,
  title,
} from "./lib.mjs";

const require = createRequire(import.meta.url);
const { values } = parseArgs({ options: { part: { type: "string" }, measure: { type: "string" } } });
const { oracle } = tools();
const engine = () => new Engine(1n, Date.now());
const micros = (us) => `${us.toFixed(us < 10 ? 3 : 1)} µs`;

/** CPU µs of this process for one call of `work`, the median of some rounds after a warm-up. */
const perCall = async (count, work, rounds = 5) => {
  const times = [];
  for (let round = 0; round <= rounds; round++) {
    const start = process.cpuUsage();
    await work(count);
    const { user, system } = process.cpuUsage(start);
    if (round) times.push((user + system) / count);
  }
  return median(times);
};

const mock = () => {
  const Redis = require("ioredis-mock");
  return new Redis();
};

const calls = async () => {
  title("per call, Node: CPU a call", "wasm", "mock");
  const wasm = engine();
  const client = new Client(wasm);
  const redis = mock();
  const js = require("redis-js");
  const keys = Array.from({ length: RANGE }, (_, i) => `key:${(i * 7919) % RANGE}`);
  for (const [name, ours, io, plain] of [
    ["SET", (k) => client.call("SET", k, "value"), (k) => redis.set(k, "value"), (k) => js.set(k, "value")],
    ["GET", (k) => client.call("GET", k), (k) => redis.get(k), (k) => js.get(k)],
  ]) {
    const a = await perCall(200_000, (n) => {
      for (let i = 0; i < n; i++) ours(keys[i % RANGE]);
      wasm.take_log();
    });
    const b = await perCall(200_000, async (n) => {
      for (let i = 0; i < n; i++) await io(keys[i % RANGE]);
    });
    const c = await perCall(200_000, (n) => {
      for (let i = 0; i < n; i++) plain(keys[i % RANGE]);
    });
    row(`${name} against ioredis-mock`, micros(a), micros(b), b / a, 1.5);
    row(`${name} against redis-js`, micros(a), micros(c), c / a);
  }
};

/** Batches of 100 commands, the same for both sides. @param {keyof typeof WORK} name */
const batchesOf = (name, count, seed = 1) => {
  const next = random(seed);
  const number = () => Math.floor(next() * RANGE);
  return Array.from({ length: count }, () =>
    Buffer.concat(Array.from({ length: 100 }, () => encode(...WORK[name](number(), number())))),
  );
};

/** A bench of error replies would be worth nothing. @param {string} name @param {Uint8Array} out */
const refuseErrors = (name, out) => {
  if (out[0] === 45) throw new Error(`${name}: ${Buffer.from(out).toString().split("\r\n")[0]}`);
};

const batches = async () => {
  if (!oracle) return console.log("\nskipped: batches against a real server: none on this machine");
  title("wasm, batches of 100: CPU a command", "wasm", "real server");
  const server = await startServer(oracle);
  const connection = await openConnection(server.port);
  const wasm = engine();
  const client = new Client(wasm);
  const wanted = { ZADD: 0.8, ZRANK: 0.8 };
  for (const name of Object.keys(WORK)) {
    const work = batchesOf(name, 3000);
    const lines = name === "GET" ? 200 : 100; // a bulk reply has two line ends
    const [ours, theirs] = [[], []];
    try {
      refuseErrors(name, client.batch(work[0]));
    } catch (e) {
      console.error(/** @type {Error} */ (e).message);
      continue;
    }
    for (let round = 0; round < 7; round++) {
      const start = process.cpuUsage();
      for (const batch of work) client.batch(batch);
      const { user, system } = process.cpuUsage(start);
      wasm.take_log();
      const before = cpuMicros(server.pid);
      for (const batch of work) await connection.reply(batch, lines);
      if (!round) continue; // the first fills the keys and warms up
      ours.push((user + system) / work.length / 100);
      theirs.push((cpuMicros(server.pid) - before) / work.length / 100);
    }
    // The round that the rest of the machine disturbed least, on either side.
    const [a, b] = [Math.min(...ours), Math.min(...theirs)];
    row(name, micros(a), micros(b), b / a, wanted[name] ?? 2);
  }
  connection.close();
  server.stop();
};

const collections = async () => {
  title("collections of 100, Node: CPU a call", "wasm", "ioredis-mock");
  const client = new Client(engine());
  const redis = mock();
  for (let i = 0; i < 100; i++) {
    for (const args of [
      ["rpush", "l", `v${i}`],
      ["hset", "h", `f${i}`, `v${i}`],
      ["sadd", "s", `m${i}`],
      ["zadd", "z", `${i}`, `m${i}`],
    ]) {
      client.call(...args);
      await redis[args[0]](...args.slice(1));
    }
  }
  for (const args of [
    ["lrange", "l", "0", "-1"],
    ["hgetall", "h"],
    ["smembers", "s"],
    ["zrange", "z", "0", "-1"],
  ]) {
    const a = await perCall(5000, (n) => {
      for (let i = 0; i < n; i++) client.call(...args);
    });
    const b = await perCall(2000, async (n) => {
      for (let i = 0; i < n; i++) await redis[args[0]](...args.slice(1));
    });
    row(args.join(" "), micros(a), micros(b), b / a, 4);
  }
};

const ranks = async () => {
  title("sorted set of 100,000 members, Node: CPU a call", "wasm", "ioredis-mock");
  const client = new Client(engine());
  const redis = mock();
  const next = random(3);
  const members = Array.from({ length: 100_000 }, (_, i) => [String(Math.floor(next() * 1e6)), `member:${i}`]);
  for (let i = 0; i < members.length; i += 1000) {
    const chunk = members.slice(i, i + 1000).flat();
    client.call("ZADD", "z", ...chunk);
    await redis.zadd("z", ...chunk);
  }
  const member = (i) => `member:${(i * 7919) % 100_000}`;
  const score = (i) => String((i * 104_729) % 1_000_000);
  for (const [name, ours, theirs] of [
    ["ZADD", (i) => client.call("ZADD", "z", score(i), member(i)), (i) => redis.zadd("z", score(i), member(i))],
    ["ZRANK", (i) => client.call("ZRANK", "z", member(i)), (i) => redis.zrank("z", member(i))],
  ]) {
    const a = await perCall(50_000, (n) => {
      for (let i = 0; i < n; i++) ours(i);
    });
    const b = await perCall(
      20,
      async (n) => {
        for (let i = 0; i < n; i++) await theirs(i);
      },
      2,
    );
    row(name, micros(a), micros(b), b / a, 100);
  }
};

const ELEMENTS = 1_000_000;
const FILLS = {
  "string key": (i) => ["SET", `key:${String(i).padStart(12, "0")}`, "xxx"],
  "zset member": (i) => ["ZADD", "z", String((i * 7919) % 1_000_003), `element:${String(i).padStart(12, "0")}`],
  "hash field": (i) => ["HSET", "h", `element:${String(i).padStart(12, "0")}`, "xxx"],
  "set member": (i) => ["SADD", "s", `element:${String(i).padStart(12, "0")}`],
  "list item": (i) => ["RPUSH", "l", `element:${String(i).padStart(12, "0")}`],
};
const fill = (name) => {
  const make = FILLS[name];
  return function* () {
    for (let i = 0; i < ELEMENTS; i += 100)
      yield Buffer.concat(Array.from({ length: 100 }, (_, j) => encode(...make(i + j))));
  };
};

/** In a process of its own, as wasm memory never shrinks: prints bytes an element. */
const measureMemory = (name) => {
  const wasm = engine();
  const client = new Client(wasm);
  client.call("PING");
  const before = memoryBytes();
  let n = 0;
  for (const batch of fill(name)()) {
    client.batch(batch);
    if (++n % 10 === 0) wasm.take_log();
  }
  console.log((memoryBytes() - before) / ELEMENTS);
};

const memory = async () => {
  if (!oracle) return console.log("\nskipped: memory against a real server: none on this machine");
  title("memory at a million elements, bytes an element (growth of wasm memory, of RSS)", "wasm", "real server");
  for (const name of Object.keys(FILLS)) {
    const out = spawnSync(process.execPath, [import.meta.filename, "--measure", name], { encoding: "utf8" });
    const ours = Number(out.stdout);
    if (!(ours > 0)) throw new Error(`${name}: ${out.stderr}`);
    const server = await startServer(oracle);
    const connection = await openConnection(server.port);
    const before = residentBytes(server.pid);
    for (const batch of fill(name)()) await connection.reply(batch, 100);
    const theirs = (residentBytes(server.pid) - before) / ELEMENTS;
    connection.close();
    server.stop();
    row(name, `${ours.toFixed(1)} B`, `${theirs.toFixed(1)} B`, theirs / ours, 1 / 1.2);
  }
};

/**
 * The engine does the same work at the same command in every run, the machine does not: the pause of a command is the
 * shortest of three runs.
 */
const pause = () => {
  console.log("\nlongest single command while a table grows to a million");
  for (const name of ["string key", "zset member", "hash field", "set member"]) {
    const times = new Float32Array(ELEMENTS).fill(Infinity);
    for (let round = 0; round < 3; round++) {
      const wasm = engine();
      const client = new Client(wasm);
      for (let i = 0; i < ELEMENTS; i++) {
        const bytes = encode(...FILLS[name](i));
        const start = performance.now();
        const out = client.batch(bytes);
        times[i] = Math.min(times[i], performance.now() - start);
        if (i === 0) refuseErrors(name, out);
        if (i % 1000 === 0) wasm.take_log();
      }
      wasm.free();
    }
    limit(
      name,
      times.reduce((a, b) => Math.max(a, b)),
      "ms",
      5,
    );
  }
};

const start = () => {
  console.log("\nfrom the start of the script to the first PONG, Node");
  const script = `const start = performance.now();
    const { Engine, encode } = await import(${JSON.stringify(new URL("../tests/support/engine.mjs", import.meta.url).href)});
    const engine = new Engine(1n, Date.now());
    if (engine.exec(engine.connect(), encode(["PING"])).length !== 7) throw new Error("no PONG");
    console.log(performance.now() - start);`;
  const run = () =>
    Number(spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" }).stdout);
  limit("first PONG", median(Array.from({ length: 5 }, run)), "ms", 50);
};

const parts = { calls, batches, collections, ranks, memory, pause, start };
if (values.measure) measureMemory(values.measure);
else {
  let failed = 0;
  for (const [name, part] of Object.entries(parts)) {
    if (values.part && values.part !== name) continue;
    try {
      await part();
    } catch (e) {
      failed = 1;
      console.error(`${name}: ${String(e instanceof Error ? e.message : e).slice(0, 100)}`);
    }
  }
  process.exit(failed); // servers that a failed part left behind would keep this process
}
