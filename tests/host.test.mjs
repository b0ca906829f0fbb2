// A world of the worker, in Node: what becomes of it when its engine dies or sleeps, and when nobody looks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { compileAll } from "../scripts/lessons.mjs";
import { Engine, encode } from "./support/engine.mjs";

const { HostWorld } = await import("../www/host.js");
const { MemoryStore, fold } = await import("../www/store.js");
const { pack, unpack } = await import("../www/tar.js");
const decoder = new TextDecoder();

/** A world in memory with one session, and what it told. @param {import("node:test").TestContext} t @param {object} [options] */
async function open(t, options = {}) {
  const events = [];
  const world = new HostWorld(
    1,
    { name: null, seed: "1", ...options },
    { db: null, refused: "", emit: (e) => events.push(e) },
  );
  await world.open();
  t.after(() => world.close());
  const session = world.connect();
  /** @param {string} line @returns {Promise<string>} */
  const run = (line) =>
    new Promise((resolve, reject) =>
      world.exec({
        session,
        bytes: encode(line.split(" ")),
        done: ({ out }) => resolve(decoder.decode(out)),
        fail: reject,
      }),
    );
  return { world, session, run, events };
}

/** Waits for what comes in the world's own time. @param {() => any} is */
async function until(is) {
  while (!(await is())) await wait(20);
}

/** Makes one call of the engine fail as a trap does. @param {keyof Engine} method */
function trapOnce(method) {
  const own = Engine.prototype[method];
  Engine.prototype[method] = function () {
    Engine.prototype[method] = own;
    throw new Error("unreachable");
  };
}

test("an engine that dies is started again from what was committed", async (t) => {
  const { world, run, events } = await open(t);
  assert.equal(await run("SET k v"), "+OK\r\n");
  trapOnce("gatherBytes");
  await assert.rejects(run("SET k lost"), /unreachable/);
  assert.equal(await run("GET k"), "$1\r\nv\r\n");
  assert.deepEqual(
    events.map((e) => e.event).filter((e) => e !== "saved"),
    ["trap", "restarted"],
  );
});

test("a lesson whose engine dies begins anew, with its setup run once", async (t) => {
  const lesson = compileAll().find(({ lesson: l }) => l.data.id === "queues")?.lesson.data;
  const { world, run, events } = await open(t, { lesson });
  const jobs = await run("LRANGE jobs 0 -1");
  await run("LPUSH jobs mail:10");
  assert.equal(world.lesson().met, 1);
  trapOnce("gatherBytes");
  await assert.rejects(run("GET k"), /unreachable/);
  assert.equal(await run("LRANGE jobs 0 -1"), jobs);
  assert.equal(world.lesson().met, 0);
  const told = events.findLast((e) => e.event === "lesson");
  assert.equal(told.state.met, 0);
});

const INCREMENT = "appendonlydir/appendonly.aof.1.incr.aof";

/** What the world said when it last started again. @param {any[]} events */
const lastStart = (events) => events.findLast((e) => e.event === "restarted").info;

test("files that kill the engine are set aside, and the world opens", async (t) => {
  const { world, run, events } = await open(t);
  await run("SET k v");
  const files = unpack(await world.downloadFiles());
  trapOnce("stalled");
  await world.crash(0);
  const { damage } = lastStart(events);
  assert.match(damage.error, /stops the engine/);
  assert.equal(damage.emptied, true);
  assert.deepEqual(unpack(await world.downloadDamaged()), files);
  assert.equal(await run("GET k"), "$-1\r\n");
});

test("a power cut leaves what the policy had saved", async (t) => {
  const { world, run, events } = await open(t);
  await run("SET a 1");
  assert.equal(events.findLast((e) => e.event === "saved").saved.unsynced, 0);
  await run("CONFIG SET appendfsync no");
  await run("SET b 2");
  assert.ok(events.findLast((e) => e.event === "saved").saved.unsynced > 0);
  await world.crash(0);
  assert.equal(await run("MGET a b"), "*2\r\n$1\r\n1\r\n$-1\r\n");
  // What is set without a configuration file is forgotten.
  assert.match(await run("CONFIG GET appendfsync"), /always/);
  await run("CONFIG SET appendfsync everysec");
  await run("SET c 3");
  await until(() => events.findLast((e) => e.event === "saved").saved.unsynced === 0);
  await world.crash(0);
  assert.equal(await run("EXISTS a c"), ":2\r\n");
  assert.equal(lastStart(events).damage, null);
});

test("a process that ends leaves the page cache", async (t) => {
  const { world, run } = await open(t);
  await run("CONFIG SET appendfsync no");
  await run("SET k v");
  await world.restart();
  assert.equal(await run("GET k"), "$1\r\nv\r\n");
  await run("SET k w");
  await run("SHUTDOWN");
  assert.equal(await run("GET k"), "$1\r\nw\r\n");
});

test("a torn write is cut off, and told", async (t) => {
  const { world, run, events } = await open(t);
  await run("SET a 1");
  await run("CONFIG SET appendfsync no");
  await run("SET b 2");
  await world.crash(9);
  const { damage } = lastStart(events);
  assert.match(damage.error, /Unexpected end of file reading the append only file/);
  assert.equal(damage.keys, 1);
  assert.equal(await run("MGET a b"), "*2\r\n$1\r\n1\r\n$-1\r\n");
  await run("SET b 3"); // its fsync brings the cut to the platter as well
  await world.crash(0);
  assert.equal(lastStart(events).damage, null);
  assert.equal(await run("MGET a b"), "*2\r\n$1\r\n1\r\n$1\r\n3\r\n");
});

test("a flipped bit ends the server; what was before it is repaired", async (t) => {
  const { world, run, events } = await open(t);
  for (const line of ["SET a 1", "SET b 2", "SET c 3"]) await run(line);
  const { bytes } = unpack(await world.downloadFiles()).find(({ name }) => name === INCREMENT);
  const second = Buffer.from(bytes).indexOf("*3", Buffer.from(bytes).indexOf("*3") + 1);
  assert.equal(await world.flip(INCREMENT, second, 0), true);
  await world.crash(0);
  const { damage } = lastStart(events);
  assert.match(damage.error, /Bad file format reading the append only file/);
  assert.equal(damage.emptied, false);
  assert.equal(await run("MGET a b c"), "*3\r\n$1\r\n1\r\n$-1\r\n$-1\r\n");
  assert.ok(unpack(await world.downloadDamaged()).some(({ name }) => name === INCREMENT));
});

test("files go out and come back: the log, the archive, a snapshot", async (t) => {
  const { world, run } = await open(t);
  await run("SET k v");
  await run("BGREWRITEAOF");
  await wait(300);
  await run("RPUSH l 1 2 3");
  await run("SAVE");
  const archive = await world.downloadFiles();
  const log = await world.download();
  const { bytes: dump } = unpack(archive).find(({ name }) => name === "dump.rdb");
  for (const file of [archive, log, dump]) {
    await world.reset();
    assert.equal(await run("DBSIZE"), ":0\r\n");
    assert.equal(await world.upload(file), null);
    assert.equal(await run("GET k"), "$1\r\nv\r\n");
    assert.equal(await run("LLEN l"), ":3\r\n");
  }
});

test("a log of before there was a disk is read once", async (t) => {
  const log = new TextEncoder().encode("*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n");
  const { world, run } = await open(t);
  assert.equal(await world.upload(log), null);
  await run("SET more 1");
  await world.crash(0);
  assert.equal(await run("MGET k more"), "*2\r\n$1\r\nv\r\n$1\r\n1\r\n");
});

test("a slow disk holds the reply back, and all that come after it", async (t) => {
  const { world, session, run, events } = await open(t);
  world.setDisk("flush_us", 300_000);
  const other = world.connect();
  const start = performance.now();
  assert.equal(await run("SET k v"), "");
  assert.equal(
    await new Promise((done, fail) =>
      world.exec({ session: other, bytes: encode(["GET", "k"]), done: ({ out }) => done(decoder.decode(out)), fail }),
    ),
    "",
  );
  const outputs = () => events.filter((e) => e.event === "output");
  await until(() => outputs().length === 2);
  const told = outputs().map((e) => [e.session, decoder.decode(e.out)]);
  assert.deepEqual(told, [
    [session, "+OK\r\n"],
    [other, "$1\r\nv\r\n"],
  ]);
  assert.ok(performance.now() - start >= 300);
});

test("a full disk: the server's own words, and the data stays", async (t) => {
  const { world, run } = await open(t);
  await run("CONFIG SET appendfsync everysec");
  await run("SET k v");
  world.setDisk("capacity", 1);
  await until(async () => /MISCONF.*No space left on device/.test(await run("SET lost 1")));
  world.setDisk("capacity", 0);
  await until(async () => (await run("SET k w")) === "+OK\r\n");
});

test("a file that is no log is refused, and the data stays", async (t) => {
  const { world, run } = await open(t);
  await run("SET k v");
  const file = (text) => world.upload(new TextEncoder().encode(text));
  for (const text of ["", "REDIS0011", "*2000000000\r\n", "hello"])
    await assert.rejects(file(text), /empty|append-only/);
  assert.equal(await run("GET k"), "$1\r\nv\r\n");
  const half = await file("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nw\r\n*3\r\n$3\r\nSE");
  assert.equal(half.keys, 1);
  assert.equal(await run("GET k"), "$1\r\nw\r\n");
});

test("a file's changes are put together as they were made, nonsense left out", () => {
  const bytes = (text) => new TextEncoder().encode(text);
  const changes = [
    [0, bytes("hello")],
    [5, bytes(" world")],
    "nonsense",
    [-1, bytes("x")],
    [0, 7],
    [3],
    [4, bytes("p")],
  ];
  assert.equal(decoder.decode(fold(changes)), "hel\0p");
});

test("a sleeping server says so to who stops waiting, and can be restarted", async (t) => {
  const { world, session, run } = await open(t);
  await run("SET k v");
  assert.equal(world.reconnect(session), 0);
  await run("DEBUG SLEEP 0");
  run("DEBUG SLEEP 1e9").catch(() => {});
  await wait(20);
  assert.ok(world.reconnect(session) > 9e11);
  await world.restart();
  assert.equal(await run("GET k"), "$1\r\nv\r\n");
});

test("a world that rests keeps its time, and still answers", async (t) => {
  const { world, run } = await open(t);
  await run("SET k v PX 60000");
  const left = async () => Number((await run("PTTL k")).slice(1));
  world.rest(true);
  const before = await left();
  await wait(120);
  assert.equal(await left(), before);
  const from = performance.now();
  world.rest(false);
  await wait(60);
  const after = await left();
  const most = Math.ceil(performance.now() - from) + 1;
  assert.ok(after < before && after >= before - most, `${before} before, ${after} after`);
});

test("a world that is closed while it commits answers, and dies in peace", async (t) => {
  const { world, run, events } = await open(t);
  const own = MemoryStore.prototype.commit;
  t.after(() => (MemoryStore.prototype.commit = own));
  const committing = new Promise((begun) => {
    MemoryStore.prototype.commit = async function (...args) {
      begun(null);
      await wait(20);
      return own.apply(this, args);
    };
  });
  const reply = run("SET k v");
  await committing;
  const late = run("SET k w");
  await Promise.all([world.close(), assert.rejects(late, /closed/)]);
  assert.equal(await reply, "+OK\r\n");
  assert.deepEqual(
    events.filter((e) => e.event !== "saved"),
    [],
  );
  await assert.rejects(run("GET k"), /stopped/);
});

test("an archive with a length below nothing ends there", () => {
  const one = { name: "a", bytes: new Uint8Array(10) };
  const archive = pack([one, { ...one, name: "b" }], 0);
  archive.set(new TextEncoder().encode("-0000001000"), 1024 + 124);
  assert.deepEqual(unpack(archive), [one]);
});
