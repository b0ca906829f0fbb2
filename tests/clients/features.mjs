// What a session over the whole command surface does, said once: each client library does it in its own words through an
// adapter (`call` for a command, and what only the library can do: subscribe, transactions, several connections).
import assert from "node:assert/strict";

/**
 * @typedef {object} Adapter
 * @property {(...args: (string | number)[]) => Promise<any>} call a command on the main connection, as RESP2 answers it
 * @property {(...args: (string | number)[]) => Promise<any>} other the same on a second connection
 * @property {(commands: (string | number)[][], watch?: string, between?: () => Promise<any>) => Promise<any[] | null>} transaction
 *   MULTI to EXEC; `between` runs after WATCH
 * @property {(kind: "plain" | "pattern" | "shard", channel: string) => Promise<Messages>} subscribe
 * @property {() => Promise<Lines>} monitor
 */
/** @typedef {{next: () => Promise<string>, stop: () => Promise<void>}} Messages each as `channel message` */
/** @typedef {{until: (word: string) => Promise<string>, stop: () => void}} Lines */

/** @param {Adapter} a */
export const types = async ({ call }) => {
  assert.equal(await call("SETBIT", "bits", 7, 1), 0);
  assert.equal(await call("BITCOUNT", "bits"), 1);
  assert.deepEqual(await call("BITFIELD", "bits", "SET", "u8", 8, 200, "INCRBY", "u8", 8, 100), [0, 44]);
  assert.equal(await call("PFADD", "visits", "a", "b", "c"), 1);
  assert.equal(await call("PFCOUNT", "visits"), 3);
  assert.equal(await call("GEOADD", "places", 13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania"), 2);
  assert.equal(String(await call("GEODIST", "places", "Palermo", "Catania", "km")), "166.2742");
  const near = await call("GEOSEARCH", "places", "FROMLONLAT", 15, 37, "BYRADIUS", 200, "km", "ASC");
  assert.deepEqual(near, ["Catania", "Palermo"]);
  assert.equal(await call("INCRBYFLOAT", "pi", "3.14159265358979"), "3.14159265358979");
  assert.equal(await call("LCS", "bits", "none"), "");
};

/** @param {Adapter} a */
export const streams = async ({ call, other }) => {
  assert.equal(await call("XADD", "log", "1-1", "kind", "start"), "1-1");
  assert.equal(await call("XGROUP", "CREATE", "log", "workers", 0), "OK");
  const read = await call("XREADGROUP", "GROUP", "workers", "ann", "COUNT", 1, "STREAMS", "log", ">");
  assert.equal(JSON.stringify(read).includes("1-1"), true);
  assert.deepEqual(await call("XPENDING", "log", "workers"), [1, "1-1", "1-1", [["ann", "1"]]]);
  assert.equal(await call("XACK", "log", "workers", "1-1"), 1);
  const waiting = other("XREAD", "BLOCK", 5000, "STREAMS", "log", "$");
  await blocked(call, 1);
  await call("XADD", "log", "2-1", "kind", "more");
  assert.equal(JSON.stringify(await waiting).includes("2-1"), true);
};

/** Waits until so many clients are blocked. */
const blocked = async (/** @type {Adapter["call"]} */ call, /** @type {number} */ count) => {
  for (let i = 0; i < 500; i++) {
    if (String(await call("INFO", "clients")).includes(`blocked_clients:${count}`)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`never ${count} blocked clients`);
};

/** @param {Adapter} a */
export const blocking = async ({ call, other }) => {
  let waiting = other("BLPOP", "jobs", "more", 10);
  await blocked(call, 1);
  await call("RPUSH", "more", "one");
  assert.deepEqual(await waiting, ["more", "one"]);
  waiting = other("BLMOVE", "inbox", "work", "LEFT", "RIGHT", 10);
  await blocked(call, 1);
  await call("LPUSH", "inbox", "letter");
  assert.equal(await waiting, "letter");
  waiting = other("BZPOPMIN", "delayed", 10);
  await blocked(call, 1);
  await call("ZADD", "delayed", 5, "later");
  assert.deepEqual((await waiting).map(String), ["delayed", "later", "5"]);
  assert.equal(await other("BLPOP", "nothing", 0.02), null);
  const id = await other("CLIENT", "ID");
  waiting = other("BRPOP", "nothing", 10).then(String, (e) => e.message);
  await blocked(call, 1);
  assert.equal(await call("CLIENT", "UNBLOCK", id, "ERROR"), 1);
  assert.match(await waiting, /^UNBLOCKED /);
};

/** @param {Adapter} a */
export const transactions = async ({ call, other, transaction }) => {
  await call("SET", "balance", 100);
  assert.deepEqual(
    await transaction([
      ["DECRBY", "balance", 30],
      ["INCRBY", "other", 30],
    ]),
    [70, 30],
  );
  // Somebody writes between WATCH and EXEC.
  const touch = () => other("SET", "balance", 1);
  const lost = await transaction([["SET", "balance", 5]], "balance", touch);
  assert.equal(lost, null);
  assert.equal(await call("GET", "balance"), "1");
};

/** @param {Adapter} a */
export const messages = async ({ call, subscribe, monitor }) => {
  const plain = await subscribe("plain", "news");
  const pattern = await subscribe("pattern", "n?ws");
  assert.equal(await call("PUBLISH", "news", "hello"), 2);
  assert.equal(await plain.next(), "news hello");
  assert.equal(await pattern.next(), "news hello");
  assert.deepEqual(await call("PUBSUB", "NUMSUB", "news"), ["news", 1]);
  await plain.stop();
  await pattern.stop();
  const shard = await subscribe("shard", "orders");
  assert.equal(await call("SPUBLISH", "orders", "42"), 1);
  assert.equal(await shard.next(), "orders 42");
  await shard.stop();
  await call("CONFIG", "SET", "notify-keyspace-events", "KEA");
  const events = await subscribe("plain", "__keyevent@0__:expired");
  await call("SET", "brief", "x", "PX", 20);
  assert.equal(await events.next(), "__keyevent@0__:expired brief");
  await events.stop();
  await call("CONFIG", "SET", "notify-keyspace-events", "");
  const lines = await monitor();
  await call("ECHO", "seen by the monitor");
  assert.match(await lines.until("seen by"), /echo.*seen by the monitor/i);
  lines.stop();
};

/** @param {Adapter} a */
export const rights = async ({ call, other }) => {
  assert.equal(await call("ACL", "SETUSER", "reader", "on", ">secret", "~read:*", "+get", "+acl|whoami"), "OK");
  assert.equal(await call("ACL", "DRYRUN", "reader", "GET", "read:1"), "OK");
  assert.match(
    await call("ACL", "DRYRUN", "reader", "SET", "read:1", "x"),
    /has no permissions to run the 'set' command/,
  );
  assert.equal(await other("AUTH", "reader", "secret"), "OK");
  assert.equal(await other("ACL", "WHOAMI"), "reader");
  await assert.rejects(other("SET", "read:1", "x"), /NOPERM/);
  await assert.rejects(other("GET", "write:1"), /NOPERM/);
  assert.equal(await other("GET", "read:1"), null);
  assert.equal((await call("ACL", "LOG")).length > 0, true);
  assert.equal(await call("ACL", "DELUSER", "reader"), 1);
};

/** @param {Adapter} a */
export const insight = async ({ call }) => {
  await call("CONFIG", "SET", "slowlog-log-slower-than", 0);
  await call("ECHO", "noted");
  assert.equal(JSON.stringify(await call("SLOWLOG", "GET", 10)).includes("noted"), true);
  await call("CONFIG", "SET", "slowlog-log-slower-than", 10000);
  await call("CONFIG", "SET", "latency-monitor-threshold", 1);
  await call("DEBUG", "SLEEP", 0.005);
  assert.equal(JSON.stringify(await call("LATENCY", "LATEST")).includes("command"), true);
  await call("CONFIG", "SET", "latency-monitor-threshold", 0);
  await call("SET", "weighed", "x".repeat(100));
  assert.equal((await call("MEMORY", "USAGE", "weighed")) > 100, true);
  assert.equal(JSON.stringify(await call("MEMORY", "STATS")).includes("peak.allocated"), true);
  assert.match(String(await call("INFO", "everything")), /# Commandstats/);
};

/** Fills a cache of 3 MB with more than it holds. @param {Adapter} a */
export const eviction = async ({ call }) => {
  await call("FLUSHALL");
  const used = Number(/used_memory:(\d+)/.exec(String(await call("INFO", "memory")))?.[1]);
  await call("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu", "maxmemory", used + 1_000_000);
  const value = "x".repeat(10_000);
  for (let i = 0; i < 200; i++) await call("SET", `cache:${i}`, value);
  assert.match(String(await call("INFO", "stats")), /evicted_keys:[1-9]/);
  assert.equal(typeof (await call("OBJECT", "FREQ", "cache:199")), "number");
  await call("CONFIG", "SET", "maxmemory-policy", "noeviction");
  await assert.rejects(
    (async () => {
      for (let i = 0; i < 200; i++) await call("SET", `more:${i}`, value);
    })(),
    /OOM command not allowed when used memory > 'maxmemory'/,
  );
  await call("CONFIG", "SET", "maxmemory", 0);
  await call("FLUSHALL");
};
