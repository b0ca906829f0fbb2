// How long an engine in wasm is away while it reads its files: the longest of the slices in which it loads a snapshot and an
// append-only file of commands, with values of many elements among small keys.
import { Engine, Platter, encode } from "../tests/support/engine.mjs";
import { limit } from "./lib.mjs";

const KEYS = 200_000;
const ELEMENTS = 200_000;
const BATCH = 1000;
const NOW_MS = 1_700_000_000_000;
/** The engine does the same work in the same slice of every run, the machine does not: a slice is as long as its shortest. */
const ROUNDS = 5;

/** Lets virtual time pass until the engine has nothing to wait for; how long each call was, ms. @param {any} engine */
const settle = (engine) => {
  const slices = [];
  for (let now = NOW_MS; engine.stalled() || engine.loading();) {
    now = Math.max(now, engine.next_timer()) + 0.001;
    const begin = performance.now();
    engine.advance(now);
    slices.push(performance.now() - begin);
  }
  return slices;
};

/** @param {any} engine */
const fill = (engine) => {
  const client = engine.connect();
  const send = (/** @type {(n: number) => string[]} */ command, /** @type {number} */ count) => {
    for (let first = 0; first < count; first += BATCH) {
      const numbers = Array.from({ length: BATCH }, (_, i) => String(first + i));
      engine.exec(client, Buffer.concat(numbers.map((n) => encode(command(Number(n))))));
      settle(engine);
    }
  };
  send((n) => ["SET", `key:${n}`, `value:${n}`], KEYS);
  send((n) => ["HSET", "hash", `field:${n}`, `value:${n}`], ELEMENTS);
  send((n) => ["SADD", "set", `member:${n}`], ELEMENTS);
  send((n) => ["RPUSH", "list", `item:${n}`], ELEMENTS);
  send((n) => ["ZADD", "zset", String((n * 7919) % 100_000), `member:${n}`], ELEMENTS);
  send((n) => ["XADD", "stream", `${n + 1}-0`, "field", `value:${n}`], ELEMENTS);
  return client;
};

const config = (/** @type {string} */ aof) => `appendonly ${aof}\nappendfsync no\naof-use-rdb-preamble no\nsave ""`;

/** The files that a command leaves. @param {string} aof @param {string} command */
const made = (aof, command) => {
  const engine = new Engine(1n, NOW_MS, config(aof), new Platter());
  settle(engine);
  engine.exec(fill(engine), encode([command]));
  settle(engine);
  const names = engine.names();
  const files = names.map((/** @type {string} */ name) => [name, engine.file(name)]);
  engine.free();
  return files;
};

for (const [what, aof, command] of [
  ["snapshot", "no", "SAVE"],
  ["append-only file", "yes", "PING"],
]) {
  const files = made(aof, command);
  /** @type {number[]} */
  let least = [];
  for (let i = 0; i < ROUNDS; i++) {
    const platter = new Platter();
    files.forEach(([name, bytes], at) => platter.add(name, at + 1, bytes));
    const begin = performance.now();
    const engine = new Engine(1n, NOW_MS, config(aof), platter);
    const slices = [performance.now() - begin, ...settle(engine)];
    if (engine.kept()[3] !== KEYS + 5) throw new Error(`${engine.kept()[3]} keys: ${engine.warnings()}`);
    least = slices.map((ms, at) => Math.min(ms, least[at] ?? Infinity));
    engine.free();
  }
  const all = least.reduce((sum, ms) => sum + ms, 0);
  console.log(`${what}: ${all.toFixed(0)} ms in ${least.length} slices`);
  limit(`${what}: longest slice in wasm`, Math.max(...least), "ms", 4);
}
process.exit(0);
