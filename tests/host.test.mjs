// A world of the worker, in Node: what becomes of it when its engine dies or sleeps, and when nobody looks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { compileAll } from "../scripts/lessons.mjs";
import { Engine, encode } from "./support/engine.mjs";

const { HostWorld } = await import("../www/host.js");
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
  trapOnce("exec");
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
  trapOnce("exec");
  await assert.rejects(run("GET k"), /unreachable/);
  assert.equal(await run("LRANGE jobs 0 -1"), jobs);
  assert.equal(world.lesson().met, 0);
  const told = events.findLast((e) => e.event === "lesson");
  assert.equal(told.state.met, 0);
});

test("a log that kills the engine is set aside, and the world opens", async (t) => {
  const { world, run, events } = await open(t);
  await run("SET k v");
  const log = await world.download();
  trapOnce("load_log");
  await world.restart();
  const { info } = events.findLast((e) => e.event === "restarted");
  assert.match(info.damage.error, /stops the engine/);
  assert.deepEqual(await world.downloadDamaged(), log);
  assert.equal(await run("GET k"), "$-1\r\n");
});

test("a file that is no log is refused, and the data stays", async (t) => {
  const { world, run } = await open(t);
  await run("SET k v");
  const file = (text) => world.upload(new TextEncoder().encode(text));
  for (const text of ["", "REDIS0011", "*2000000000\r\n", "hello"])
    await assert.rejects(file(text), /empty|append-only/);
  assert.equal(await run("GET k"), "$1\r\nv\r\n");
  const half = await file("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nw\r\n*3\r\n$3\r\nSE");
  assert.equal(half.commands, 1);
  assert.equal(await run("GET k"), "$1\r\nw\r\n");
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
  world.rest(false);
  await wait(60);
  const after = await left();
  assert.ok(after < before && after > before - 110, `${before} before, ${after} after`);
});
