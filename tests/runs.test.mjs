// Saved runs: what is saved is had again event by event, and what is none is refused in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PRESETS, presetOf } from "../www/estate/presets.js";
import { LINK_GOOD, describeTrace, readTrace, readTraceLink, traceLink } from "../www/estate/trace.js";
import { encode } from "./support/engine.mjs";

const { EstateHost } = await import("../www/estate-host.js");

/** A world that stands still. @param {import("node:test").TestContext} t @param {object} options */
async function open(t, options) {
  const host = new EstateHost(1, { name: null, ...options }, { emit() {} });
  t.after(() => host.close());
  const { state } = await host.open();
  await host.estate("play", false);
  const exec = (terminal, ...words) =>
    new Promise((done, fail) => host.exec({ session: terminal, bytes: encode(words), done, fail }));
  return { host, state, exec };
}

/** @param {string} id */
const presetNamed = (id) => PRESETS.find((preset) => preset.id === id);

/** A run of a preset with commands, a fault and a clock that went on between them. @param {import("node:test").TestContext} t @param {string} id */
async function played(t, id) {
  const preset = presetNamed(id);
  const { host, exec } = await open(t, preset);
  const terminal = host.connect("n1");
  await exec(terminal, "SET", "greeting", "hello");
  await host.estate("until", { ms: 700 });
  await exec(terminal, "SET", Buffer.from([0xff, 0]), "no text");
  await host.estate("until", { host: "n1" });
  await host.estate("act", { act: "kill", host: "n1" });
  await host.estate("until", { ms: 250 });
  await host.estate("act", { act: "start", host: "n1" });
  await assert.rejects(host.estate("act", { act: "kill", host: "n9" }), /no machine is called 'n9'/);
  await host.estate("until", { ms: 1500 });
  return { host, trace: { ...(await host.estate("trace")), preset: id } };
}

// The first of all: nothing has brought the part for scripts yet.
test("a command that waits for a part of the engine is not overtaken", async (t) => {
  const { host, exec } = await open(t, PRESETS[0]);
  const terminal = host.connect("n1");
  await Promise.all([exec(terminal, "EVAL", "return 1", "0"), exec(terminal, "SET", "k", "v")]);
  const { acts } = await host.estate("trace");
  const said = acts.filter(([, , { act }]) => act === "send").map(([, , { text }]) => text.split("\r\n")[2]);
  assert.deepEqual(said, ["EVAL", "SET"]);
});

for (const { id } of PRESETS)
  test(`a run of ${id} is had again, out of a file and out of a link`, async (t) => {
    const { host, trace } = await played(t, id);
    const link = await traceLink(trace);
    assert.ok(link.length < LINK_GOOD, `${link.length} characters`);
    const text = JSON.stringify(trace);
    for (const read of [readTrace(text), await readTraceLink(link)]) {
      assert.deepEqual(read, trace);
      const again = await open(t, { seed: read.seed, acts: [], trace: read });
      assert.equal(again.state.same, true);
      assert.deepEqual(await again.host.estate("trace"), await host.estate("trace"));
      assert.equal(again.state.model.events, (await host.estate("state")).model.events);
    }
    assert.match(describeTrace(trace), /^\d machines?.*2 commands, 1 fault; 2\.\d s, \d+ events$/);
    assert.equal(presetOf(trace).hosts.join(), presetNamed(id).hosts.join());
  });

test("a run that was changed on the way is told from one that was not", async (t) => {
  const { trace } = await played(t, "one");
  const send = trace.acts.find(([, , act]) => act.text?.includes("hello"));
  send[2] = { ...send[2], text: send[2].text.replace("hello", "jello") };
  const changed = await open(t, { seed: trace.seed, acts: [], trace });
  assert.equal(changed.state.same, false);
  const [event, us] = trace.end;
  trace.end = [event + 100, us];
  await assert.rejects(
    open(t, { seed: trace.seed, acts: [], trace }),
    /another moment than the saved run before the end/,
  );
  trace.acts[1][2] = { act: "kill" };
  await assert.rejects(open(t, { seed: trace.seed, acts: [], trace }), /what was done 2\.: host: missing/);
});

test("what was done after going back takes the place of what came then", async (t) => {
  const { host, trace } = await played(t, "one");
  const start = trace.acts.findIndex(([, , { act }]) => act === "start");
  await host.estate("seek", trace.start_ms + trace.acts[start][1] / 1000 - 100);
  await host.estate("act", { act: "heal" });
  const now = await host.estate("trace");
  assert.deepEqual(now.acts.slice(0, start), trace.acts.slice(0, start));
  assert.deepEqual(
    now.acts.slice(start).map(([, , act]) => act),
    [{ act: "heal" }],
  );
  const again = await open(t, { seed: now.seed, acts: [], trace: { ...now, preset: "one" } });
  assert.equal(again.state.same, true);
});

test("what is no run is refused in words", async () => {
  const good = {
    redlab: "run",
    v: 1,
    preset: "one",
    seed: "1",
    start_ms: 0,
    shown_ms: 0,
    acts: [[0, 0, { act: "heal" }]],
    end: [0, 0],
    hash: null,
  };
  assert.deepEqual(readTrace(JSON.stringify(good)), good);
  const cases = [
    ["{", /no JSON/],
    ["null", /no saved run/],
    ["[]", /no saved run/],
    [{ v: 2 }, /version 2, and this lab reads version 1/],
    [{ preset: "../x" }, /preset: expected a name/],
    [{ seed: 1 }, /seed: expected/],
    [{ seed: "18446744073709551616" }, /seed: expected/],
    [{ start_ms: -1 }, /start_ms: expected/],
    [{ shown_ms: 1e12 }, /shown_ms: expected/],
    [{ acts: {} }, /acts: expected a list/],
    [{ acts: [[0, 0]] }, /acts\[0\]: expected events, time and what was done/],
    [{ acts: [[0, 0, {}]] }, /acts\[0\]: it does not say what was done/],
    [{ acts: [[0.5, 0, { act: "heal" }]] }, /acts\[0\]: a run has/],
    [{ acts: [[1, 0, { act: "heal" }]] }, /end: it is earlier/],
    [{ end: [1e9, 0] }, /end: a run has/],
    [{ hash: "x" }, /hash: expected/],
    [`"${"x".repeat(8_000_000)}"`, /longer than any saved run/],
  ];
  for (const [change, why] of cases) {
    const text = typeof change === "string" ? change : JSON.stringify({ ...good, ...change });
    assert.throws(() => readTrace(text), why);
  }
  const link = await traceLink(good);
  await assert.rejects(readTraceLink(link.replace("#s=1.", "#s=2.")), /another version/);
  await assert.rejects(readTraceLink(link.slice(0, -8)), /not whole/);
  await assert.rejects(readTraceLink("#s=1.%%%"), /not whole/);
  await assert.rejects(readTraceLink(`#s=1.${"A".repeat(20_000)}`), /longer than any/);
  // A small link that unpacks to a very long text.
  const long = { ...good, preset: "x".repeat(9_000_000) };
  const bomb = new Blob([JSON.stringify(long)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const packed = Buffer.from(await new Response(bomb).arrayBuffer());
  await assert.rejects(readTraceLink(`#s=1.${packed.toString("base64url")}`), /longer than any/);
});
