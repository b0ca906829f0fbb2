// Lessons in WebAssembly come to what they come to natively, and the compiler says where a file is wrong.
// `cargo test --test lessons`, which runs here as well, plays every lesson natively and leaves what happened.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { compileAll, compileLesson, withoutAnswers } from "../scripts/lessons.mjs";
import { Estate } from "../pkg/redlab.js";
import { encode, Engine, Platter } from "./support/engine.mjs";
import { recorded } from "./support/native.mjs";

const START_MS = 1_700_000_000_000;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** The same object with undefined for null, as wasm gives it. @param {any} x */
const plain = (x) => JSON.parse(JSON.stringify(x, (_, v) => (v === null ? undefined : v)));

test("native and WebAssembly come to the same", () => {
  const lessons = new Map(compileAll().map(({ lesson }) => [lesson.data.id, withoutAnswers(lesson).data]));
  const all = JSON.parse(recorded("lessons", "lessons.json").toString());
  assert.ok(all.length >= lessons.size * 4);
  for (const run of all.filter(({ hash }) => hash === undefined)) {
    const lesson = lessons.get(run.lesson);
    const { disk } = /** @type {any} */ (Object.values(lesson.topology)[0]);
    const engine = new Engine(BigInt(lesson.seed), START_MS, ...(disk ? [disk.join("\n"), new Platter()] : []));
    engine.keep_log();
    engine.lesson_start(lesson);
    let clients = [engine.connect(), engine.connect()];
    let [replies, now_ms] = ["", Math.ceil(engine.now_ms())];
    const settle = () => {
      while (!engine.exited() && (engine.stalled() || engine.loading())) engine.advance(++now_ms);
      if (engine.rebooted()) clients = [engine.connect(), engine.connect()];
    };
    const collect = (own = "", owner = -1) => {
      replies += clients.map((id) => (id === owner ? own : "") + decoder.decode(engine.output(id))).join("");
    };
    for (const line of run.lines) {
      // As tests/support/one_node.rs: "2> " stands before what a second session types.
      const second = line.startsWith("2> ");
      for (let n = second ? 6 : 0; n > 0; n--) engine.advance((now_ms += 1000));
      engine.advance(++now_ms);
      const client = clients[second ? 1 : 0];
      const typed = encoder.encode(`${second ? line.slice(3) : line}\r\n`);
      const byHand = line.startsWith(":") && engine.lesson_hand(line);
      const own = byHand ? "" : decoder.decode(engine.exec(client, typed));
      for (let n = 0; n < 20; n++) engine.work(100_000);
      settle();
      collect(own, client);
      engine.lesson_look();
      settle();
      engine.lesson_look();
      collect();
    }
    const what = `${run.lesson}, ${run.name}`;
    assert.equal(replies, run.replies, what);
    assert.equal(decoder.decode(engine.take_log()), run.log, what);
    assert.deepEqual(plain(engine.lesson_state()), plain(run.state), what);
    engine.free();
  }
});

test("native and WebAssembly come to the same in worlds", () => {
  const lessons = new Map(compileAll().map(({ lesson }) => [lesson.data.id, withoutAnswers(lesson).data]));
  const worlds = JSON.parse(recorded("lessons", "lessons.json").toString()).filter(({ hash }) => hash !== undefined);
  assert.ok(worlds.length);
  for (const run of worlds) {
    const estate = Estate.lesson(lessons.get(run.lesson), START_MS);
    /** @type {Map<string, number>} */
    const sessions = new Map();
    let replies = "";
    for (const line of run.lines) {
      // As tests/support/in_world.rs.
      const [, seconds] = /^:wait (\d+)$/.exec(line) ?? [];
      if (!seconds && line.startsWith(":")) estate.hand(line);
      else if (!seconds) {
        const [, host, typed] = /** @type {string[]} */ (/^(\S+)> (.*)$/.exec(line));
        const open = sessions.get(host);
        const session = open && !estate.closed(open) ? open : estate.act({ act: "connect", host });
        sessions.set(host, session);
        estate.send(session, encode(typed.split(" ")));
      }
      estate.run(estate.now_ms() + 1000 * Number(seconds ?? 1), Infinity);
      // In the order of the machines.
      for (const host of [...sessions.keys()].sort())
        replies += decoder.decode(estate.output(/** @type {number} */ (sessions.get(host))));
    }
    const what = `${run.lesson}, ${run.name}`;
    assert.equal(replies, run.replies, what);
    assert.equal(String(estate.state_hash()), run.hash, what);
    assert.deepEqual(plain(JSON.parse(/** @type {string} */ (estate.lesson_text()))), plain(run.state), what);
    estate.free();
  }
});

const YAML = `id: x
schema: 1
seed: 1
topology: { n1: primary }
goals:
  - { id: a, key: { name: k } }
hints: [nudge]
solutions:
  - [SET k 1]
`;
const PROSE = "# X\n\nText.\n\n## a\n\nMake k.\n\n1. Make it.\n";

/** Compiles a lesson of these two files. @param {string} yaml @param {string} prose */
function compile(yaml, prose = PROSE) {
  const root = mkdtempSync(join(tmpdir(), "lesson-"));
  const folder = join(root, "track", "01-x");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "lesson.yaml"), yaml);
  writeFileSync(join(folder, "en.md"), prose);
  try {
    return compileLesson(join(folder, "lesson.yaml"));
  } finally {
    rmSync(root, { recursive: true });
  }
}

test("a lesson compiles to plain data", () => {
  const lesson = compile(YAML, PROSE.replace("Text.", "Some *text* with `GET k`.\n\n```redis\nGET k\n```"));
  assert.equal(lesson.track, "track");
  assert.deepEqual(lesson.prose, [
    { t: "p", c: ["Some ", { t: "em", c: ["text"] }, " with ", { t: "code", v: "GET k" }, "."] },
    { t: "pre", v: "GET k", run: true },
  ]);
  assert.deepEqual(lesson.goals.a.hints, [[{ t: "p", c: ["Make it."] }]]);
});

for (const [name, yaml, prose, complaint] of [
  ["an unknown field", YAML.replace("seed: 1", "seed: 1\nsneed: 2"), PROSE, /lesson\.yaml:4: unknown field 'sneed'/],
  ["a missing field", YAML.replace("seed: 1\n", ""), PROSE, /lesson\.yaml:1: 'seed' is missing/],
  ["an unknown predicate", YAML.replace("key: {", "script: {"), PROSE, /lesson\.yaml:6: unknown field 'script'/],
  [
    "two predicates",
    YAML.replace("{ name: k } }", "{ name: k }, log: { cmd: SET } }"),
    PROSE,
    /lesson\.yaml:6: one of probe, key/,
  ],
  ["a wrong type", YAML.replace("[SET k 1]", "SET k 1"), PROSE, /lesson\.yaml:9: expected a list/],
  ["a view that is none", `${YAML}views: [bucket]\n`, PROSE, /lesson\.yaml:10: expected the name of a view/],
  ["broken YAML", YAML.replace("goals:", "goals: ["), PROSE, /lesson\.yaml:\d+: /],
  ["a goal without words", YAML, PROSE.replace("## a", "## b"), /en\.md:5: no goal 'b'/],
  ["too few hints", YAML.replace("[nudge]", "[nudge, solution]"), PROSE, /en\.md:9: goal 'a' needs 2 hints/],
  ["HTML", YAML, PROSE.replace("Text.", "<script>alert(1)</script>"), /en\.md:3: 'html' is not used/],
  ["a javascript link", YAML, PROSE.replace("Text.", "[x](javascript:alert(1))"), /en\.md:3: a link to javascript/],
])
  test(`the compiler refuses ${name}, and says where`, () => assert.throws(() => compile(yaml, prose), complaint));
