// Streams, HyperLogLog, bitmaps and commands that work through many elements: the engine in wasm, in batches of 100, against
// a real server's CPU time for the same bytes; and the memory of a stream entry and of a HyperLogLog.
import { spawnSync } from "node:child_process";
import { tools } from "../scripts/tools.mjs";
import { Engine, memoryBytes } from "../tests/support/engine.mjs";
import { Client } from "./client.mjs";
import { cpuMicros, encode, openConnection, residentBytes, row, startServer, title } from "./lib.mjs";

const { oracle } = tools();
if (!oracle) {
  console.log("skipped: no real server on this machine");
  process.exit(0);
}

/** Numbers from 0, so many commands of `make` in one piece of bytes. @param {number} count */
const batch = (count, make) => Buffer.concat(Array.from({ length: count }, (_, i) => encode(...make(i))));
const members = (from) => Array.from({ length: 10_000 }, (_, i) => `member:${from + i}`);

/** What there is before, what is measured, the lines of one reply, and how many batches a round has. */
const WORK = {
  XADD: { make: (i) => ["XADD", "events", "*", "field", `value:${i}`], lines: 2, batches: 1000 },
  PFADD: { make: (i) => ["PFADD", "visits", `user:${(i * 7919) % 100_000}`], lines: 1, batches: 2000 },
  "LRANGE of 100": {
    before: [["RPUSH", "list", ...Array.from({ length: 100 }, (_, i) => `element:${i}`)]],
    make: () => ["LRANGE", "list", 0, -1],
    lines: 201,
    batches: 200,
  },
  "BITCOUNT of 1 MB": {
    before: [["SETBIT", "bits", 8_388_607, 1]],
    make: () => ["BITCOUNT", "bits"],
    lines: 1,
    batches: 4,
  },
  "SINTER of two of 10,000": {
    before: [
      ["SADD", "one", ...members(0)],
      ["SADD", "two", ...members(5000)],
    ],
    make: () => ["SINTER", "one", "two"],
    lines: 10_001,
    batches: 1,
  },
  "ZUNIONSTORE of two of 10,000": {
    before: [0, 5000].map((from) => ["ZADD", `z${from}`, ...members(from).flatMap((m, i) => [(i * 7919) % 10_007, m])]),
    make: () => ["ZUNIONSTORE", "sum", 2, "z0", "z5000"],
    lines: 1,
    batches: 1,
  },
};

const ROUNDS = 6;

const speed = async () => {
  title("wasm, batches of 100: CPU a command", "wasm", "real server");
  const server = await startServer(oracle);
  const connection = await openConnection(server.port);
  const wasm = new Engine(1n, Date.now());
  const client = new Client(wasm);
  for (const [name, { before = [], make, lines, batches }] of Object.entries(WORK)) {
    for (const command of before) {
      client.batch(encode(...command));
      await connection.reply(encode(...command), 1);
    }
    const work = batch(100, make);
    const [ours, theirs] = [[], []];
    const out = client.batch(work);
    if (out[0] === 45) throw new Error(`${name}: ${Buffer.from(out).toString().split("\r\n")[0]}`);
    for (let round = 0; round < ROUNDS; round++) {
      const start = process.cpuUsage();
      for (let i = 0; i < batches; i++) client.batch(work);
      const { user, system } = process.cpuUsage(start);
      wasm.take_log();
      const begun = cpuMicros(server.pid);
      for (let i = 0; i < batches; i++) await connection.reply(work, lines * 100);
      if (!round) continue; // the first warms up
      ours.push((user + system) / batches / 100);
      theirs.push((cpuMicros(server.pid) - begun) / batches / 100);
    }
    const [a, b] = [Math.min(...ours), Math.min(...theirs)];
    row(name, `${a.toFixed(3)} µs`, `${b.toFixed(3)} µs`, b / a, 1);
  }
  connection.close();
  server.stop();
};

const FILLS = {
  "stream entry": { count: 1_000_000, make: (i) => ["XADD", "events", `${i + 1}-1`, "field", "xxx"], factor: 1 / 1.2 },
  "dense HyperLogLog": {
    count: 5000,
    // A register that a sparse one cannot hold makes it dense: many elements at once do.
    make: (i) => ["PFADD", `visits:${i}`, ...Array.from({ length: 3000 }, (_, j) => `u${j}`)],
    factor: 1 / 1.2,
  },
};

/** All of a fill in batches of 100. */
function* fill({ count, make }) {
  for (let i = 0; i < count; i += 100) yield batch(100, (j) => make(i + j));
}

/** In a process of its own, as wasm memory never shrinks: prints bytes an element. @param {string} name */
const measure = (name) => {
  const wasm = new Engine(1n, Date.now());
  const client = new Client(wasm);
  client.call("PING");
  const before = memoryBytes();
  let n = 0;
  for (const bytes of fill(FILLS[name])) {
    client.batch(bytes);
    if (++n % 10 === 0) wasm.take_log();
  }
  console.log((memoryBytes() - before) / FILLS[name].count);
};

const memory = async () => {
  title("memory, bytes an element (growth of wasm memory, of RSS)", "wasm", "real server");
  for (const [name, what] of Object.entries(FILLS)) {
    const out = spawnSync(process.execPath, [import.meta.filename, "--measure", name], { encoding: "utf8" });
    const ours = Number(out.stdout);
    if (!(ours > 0)) throw new Error(`${name}: ${out.stderr}`);
    const server = await startServer(oracle);
    const connection = await openConnection(server.port);
    const before = residentBytes(server.pid);
    const lines = what.make(0)[0] === "XADD" ? 200 : 100;
    for (const bytes of fill(what)) await connection.reply(bytes, lines);
    const theirs = (residentBytes(server.pid) - before) / what.count;
    connection.close();
    server.stop();
    row(name, `${ours.toFixed(1)} B`, `${theirs.toFixed(1)} B`, theirs / ours, what.factor);
  }
};

if (process.argv[2] === "--measure") measure(process.argv[3]);
else {
  await speed();
  await memory();
  process.exit(0);
}
