// The snippets of tests/lua against the engine in wasm; tests/lua.rs says what the files mean.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { test } from "node:test";
import { globSync } from "../scripts/glob.mjs";
import { Engine, encode } from "./support/engine.mjs";
import { parse } from "./support/resp.mjs";

const SLICE = 1_000_000;

/** @param {string} file @returns {{name: string, source: string, expected: string}[]} */
const snippets = (file) =>
  readFileSync(file, "utf8")
    .split("--@@ ")
    .slice(1)
    .map((part) => {
      const [, name, rest] = /^([^\n]*)\n(.*)$/s.exec(part) ?? [];
      const [source, expected = ""] = rest.split("--=> ");
      return { name, source: source.trimEnd(), expected: expected.trimEnd() };
    });

const known = readFileSync("tests/lua/known-differences", "utf8")
  .split("\n")
  .map((line) => line.split(": ")[0]);

/** The text of a bulk string, or of an error without what a server adds to it. @param {Buffer} bytes */
const plain = (bytes) => {
  const reply = parse(bytes)?.reply;
  assert.ok(reply, "a whole reply");
  if (reply.kind === "$-1") return "nil";
  if (reply.kind === "$") return reply.text.toString("latin1");
  const text = `${reply.kind}${(reply.text ?? "").toString("latin1")}`;
  if (reply.kind !== "-") return text;
  return text
    .replace("-ERR Error compiling script (new function): ", "-")
    .replace("-ERR ", "-")
    .replace(/ script: .*$/s, "");
};

/** Bytes as one printable line, as in the files. @param {string} text of Latin-1 */
const escape = (text) => {
  const named = { "\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t" };
  const escaped = (/** @type {string} */ c) => named[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`;
  return text.replace(/[^ !#-&(-[\]-~]/g, escaped).trimEnd();
};

/** What EVAL of a source answers. @param {Engine} engine @param {number} client @param {string} source */
const run = (engine, client, source) => {
  const bytes = Buffer.from(engine.exec(client, encode(["EVAL", source, "0"])));
  for (let n = 0; n < 2000 && engine.runs_script(); n++) engine.work(SLICE);
  return Buffer.concat([bytes, engine.output(client)]);
};

for (const file of globSync("tests/lua", ".lua").filter((path) => !path.includes("/ends/"))) {
  test(`${basename(file)} in wasm`, () => {
    const wrong = [];
    for (const { name, source, expected } of snippets(file)) {
      const engine = new Engine(7n, 1000);
      const got = escape(plain(run(engine, engine.connect(), source)));
      if ((got !== expected) !== known.includes(name)) wrong.push({ name, got, expected });
      engine.free();
    }
    assert.deepEqual(wrong, []);
  });
}

test("bombs end in wasm", () => {
  for (const { source, expected } of snippets("tests/lua/ends/bombs.lua")) {
    const engine = new Engine(7n, 1000);
    const client = engine.connect();
    const bytes = run(engine, client, source);
    assert.ok(bytes.includes(expected) && bytes.length > 0, `${source}: ${bytes.subarray(0, 300)}`);
    assert.equal(run(engine, client, "return 1").toString(), ":1\r\n", source);
    engine.free();
  }
});

test("endless scripts are ended by others in wasm", () => {
  for (const { source } of snippets("tests/lua/ends/endless.lua")) {
    const engine = new Engine(7n, 1000);
    const [one, other] = [engine.connect(), engine.connect()];
    engine.exec(one, encode(["EVAL", source, "0"]));
    for (let n = 0; n < 5; n++) engine.work(SLICE);
    assert.ok(engine.runs_script(), source);
    engine.advance(8000);
    const ask = (/** @type {string[]} */ ...words) => Buffer.from(engine.exec(other, encode(words))).toString();
    assert.match(ask("GET", "k"), /^-BUSY /, source);
    assert.equal(ask("SCRIPT", "KILL"), "+OK\r\n", source);
    engine.work(SLICE);
    assert.match(Buffer.from(engine.output(one)).toString(), /Script killed by user with SCRIPT KILL/, source);
    assert.equal(ask("PING"), "+PONG\r\n", source);
    engine.free();
  }
});
