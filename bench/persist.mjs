// A million keys read from a snapshot and from an append-only file, and saved: CPU of the native server's process and of a
// real one's, over the same files. Nine keys in ten are strings of 8 to 100 bytes or numbers, one of them in ten expires; the
// others are hashes, lists, sets and sorted sets of five.
//   node bench/persist.mjs [--ours PATH] [--keys N]
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { tools } from "../scripts/tools.mjs";
import { cpuMicros, encode, openConnection, random, row, startServer, title } from "./lib.mjs";

const { values } = parseArgs({
  options: {
    ours: { type: "string", default: "target/release/redlab-server" },
    keys: { type: "string", default: "1000000" },
  },
});
const { oracle } = tools();
if (!oracle) {
  console.log("skipped: files of the native server against a real one's: no valkey-server on this machine");
  process.exit(0);
}

const ROUNDS = 3;
const KEYS = Number(values.keys);
const BATCH = 1000;
const FAR_MS = 4_000_000_000_000;
/** @type {(key: string, next: () => number) => (string | number)[]} */
const command = (key, next) => {
  const number = () => Math.floor(next() * 1e6);
  const five = (/** @type {() => (string | number)[]} */ of) => [1, 2, 3, 4, 5].flatMap(of);
  switch (Math.floor(next() * 40)) {
    case 0:
      return ["HSET", key, ...five(() => [`field:${number()}`, number()])];
    case 1:
      return ["RPUSH", key, ...five(() => [`item:${number()}`])];
    case 2:
      return ["SADD", key, ...five(() => [`member:${number()}`])];
    case 3:
      return ["ZADD", key, ...five(() => [next(), `member:${number()}`])];
    case 4:
    case 5:
    case 6:
      return ["SET", key, number()];
    default: {
      const text = Array.from({ length: 1 + Math.floor(next() * 12) }, () => number().toString(36).padStart(4, "x"));
      const expires = next() < 0.1 ? ["PXAT", FAR_MS] : [];
      return ["SET", key, text.join(".").padEnd(8, "."), ...expires];
    }
  }
};

/** @param {{port: number}} server */
const fill = async ({ port }) => {
  const { reply, close } = await openConnection(port);
  const next = random(1);
  for (let first = 0; first < KEYS; first += BATCH) {
    const batch = [];
    for (let n = first; n < first + BATCH; n++)
      batch.push(encode(...command(`key:${String(n).padStart(12, "0")}`, next)));
    await reply(Buffer.concat(batch), BATCH);
  }
  close();
};

/** Sends a command until the reply begins with `wanted`. @param {{port: number}} server @param {string} wanted @param {string[]} words */
const until = async ({ port }, wanted, ...words) => {
  const { reply, close } = await openConnection(port);
  for (;;) {
    const said = String(await reply(encode(...words), 1));
    if (said.startsWith(wanted)) break;
    if (!/LOADING|progress|:0/.test(said)) throw new Error(`${words}: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  close();
};

const dir = mkdtempSync(join(tmpdir(), "redlab-bench-"));
/** A directory of its own with a copy of the files. @param {string} name */
const copyOf = (name) => {
  const path = mkdtempSync(join(dir, "run-"));
  if (name) cpSync(join(dir, name), path, { recursive: true });
  return path;
};

/** CPU µs of a process that starts with these files, and of a SAVE after that. @param {string} program @param {string} name */
const run = async (program, name) => {
  const path = copyOf(name);
  const server = await startServer(program, ["--dir", path, "--appendonly", name === "aof" ? "yes" : "no"]);
  await until(server, name ? `:${KEYS}` : ":0", "DBSIZE");
  const load = cpuMicros(server.pid);
  await until(server, "+OK", "SAVE");
  const save = cpuMicros(server.pid) - load;
  server.stop();
  rmSync(path, { recursive: true, force: true });
  return { load, save };
};

try {
  mkdirSync(join(dir, "rdb"));
  const maker = await startServer(oracle, ["--dir", join(dir, "rdb")]);
  await fill(maker);
  await until(maker, "+OK", "SAVE");
  maker.stop();
  cpSync(join(dir, "rdb"), join(dir, "aof"), { recursive: true });
  const rewriter = await startServer(oracle, ["--dir", join(dir, "aof"), "--aof-use-rdb-preamble", "no"]);
  await until(rewriter, `:${KEYS}`, "DBSIZE");
  await until(rewriter, "+OK", "CONFIG", "SET", "appendonly", "yes");
  // Whoever shuts down waits for no child: the file is whole once a second rewrite may be asked for.
  await until(rewriter, "+", "BGREWRITEAOF");
  await until(
    rewriter,
    ":1",
    "EVAL",
    "return redis.call('INFO', 'persistence'):find('aof_rewrite_in_progress:0') and 1 or 0",
    "0",
  );
  rewriter.stop();

  title(`${KEYS} keys: CPU of the process`, "redlab", "real server");
  const least = (/** @type {number[]} */ runs) => Math.min(...runs);
  /** @type {Record<string, {load: number[], save: number[]}[]>} */
  const of = {};
  for (let i = 0; i < ROUNDS; i++) {
    for (const [at, program] of [values.ours, oracle].entries()) {
      for (const name of ["", "rdb", "aof"]) {
        of[name] ??= [];
        const all = (of[name][at] ??= { load: [], save: [] });
        const { load, save } = await run(program, name);
        all.load.push(load);
        all.save.push(save);
      }
    }
  }
  const show = (
    /** @type {string} */ what,
    /** @type {(at: number) => number} */ micros,
    /** @type {number} */ target,
  ) => {
    const [ours, theirs] = [micros(0), micros(1)];
    row(what, `${(ours / 1e6).toFixed(2)} s`, `${(theirs / 1e6).toFixed(2)} s`, theirs / ours, target);
  };
  const start = (/** @type {number} */ at) => least(of[""][at].load);
  show("snapshot loaded", (at) => least(of.rdb[at].load) - start(at), 1);
  show("append-only file loaded", (at) => least(of.aof[at].load) - start(at), 1);
  show("SAVE", (at) => least(of.rdb[at].save), 1 / 1.5);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
process.exit(0);
