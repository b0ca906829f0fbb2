// The commands of a first visit, run in a build of the engine that tells which functions they call: those are what its
// main part has to hold (www/later.js names them). Prints their numbers. `cargo xtask build` runs this.
import { readFileSync } from "node:fs";

const called = new Set();
const count = { tell: (/** @type {number} */ n) => called.add(n) };
const { Instance } = WebAssembly;
WebAssembly.Instance = /** @type {any} */ (
  function (/** @type {WebAssembly.Module} */ module, /** @type {WebAssembly.Imports} */ imports) {
    return new Instance(module, { ...imports, count });
  }
);
const pkg = new URL("../pkg/", import.meta.url);
const glue = await import(new URL("redlab.js", pkg).href);
glue.initSync({ module: readFileSync(new URL("redlab_bg.wasm", pkg)) });
const { attach, FIRST } = await import("../www/later.js");
attach({ part0: { value: 1 }, part1: { value: 1 } });
const { HostWorld } = await import("../www/host.js");
const { encodeCommand } = await import("../www/resp.js");

const world = new HostWorld(1, { name: null, seed: "1" }, { db: null, refused: "", emit() {} });
await world.open();
const session = world.connect();
for (let n = 0; n < 6; n++) world.disconnect(world.connect());
const others = Array.from({ length: 6 }, () => world.connect());
const ran = new Set();
/** @param {(string | number)[]} argv */
const run = (...argv) => {
  ran.add(String(argv[0]).toLowerCase());
  return new Promise((done, fail) => world.exec({ session, bytes: encodeCommand(argv.map(String)), done, fail }));
};
/** @param {string} lines */
const lines = async (lines) => {
  for (const line of lines.trim().split("\n")) await run(...line.trim().split(" "));
};

// What the page asks by itself.
await lines(`
  COMMAND DOCS
  HELLO 3
  HELLO 2
`);
// What a newcomer types first, mistakes as well.
await lines(`
  PING
  ECHO hello
  SET greeting hello
  GET greeting
  GET nothing
  SETT greeting
  SET greeting
  LPUSH greeting 1
  INCR greeting
  SET k v EX 100
  TTL k
  EXPIRE k 50
  TYPE k
  EXISTS k
  MSET a 1 b 2
  MGET a b c
  INCRBY a 5
  DECR a
  INCRBYFLOAT a 1.5
  APPEND b x
  STRLEN b
  SETEX t 10 v
  SETNX t v
  SELECT 1
  SELECT 0
  KEYS *
  SCAN 0
  DBSIZE
  OBJECT ENCODING a
  DEL a b nothing
  LRANGE nothing 0 -1
`);
// Each type from its compact encoding to the full one.
const many = Array.from({ length: 600 }, (_, i) => i);
for (const i of many) {
  await run("SET", `key:${i}`, `value:${i}`);
  await run("GET", `key:${i}`);
  await run("INCR", "counter");
  await run("RPUSH", "list", `element:${i}`);
  await run("LPUSH", "list", i);
  await run("HSET", "hash", `field:${i}`, `value:${i}`);
  await run("HGET", "hash", `field:${i}`);
  await run("SADD", "numbers", i);
  await run("SADD", "set", `member:${i}`);
  await run("ZADD", "zset", (i * 7) % 100, `member:${i}`);
  await run("ZRANK", "zset", `member:${i}`);
}
await lines(`
  LRANGE list 0 99
  LLEN list
  LPOP list
  RPOP list
  HGETALL hash
  HDEL hash field:1
  SMEMBERS set
  SISMEMBER set member:1
  SCARD set
  SREM set member:1
  ZRANGE zset 0 9 REV WITHSCORES
  ZINCRBY zset 5 member:3
  ZSCORE zset member:3
  ZCARD zset
  ZREM zset member:3
  DEL list hash set zset numbers
`);
for (const i of many) await run("DEL", `key:${i}`);
others.forEach((other) => world.disconnect(other));
// Time passes, and keys expire.
await run("SET", "soon", "gone", "PX", 50);
await new Promise((resolve) => setTimeout(resolve, 500));
world.close();
// What the page takes for a command of the main part has to be one.
const unplayed = [...FIRST].filter((name) => !ran.has(name));
if (unplayed.length) throw new Error(`www/later.js names commands that no first visit runs: ${unplayed.join(" ")}`);
console.log([...called].sort((a, b) => a - b).join("\n"));
process.exit(0);
