// The test support reads and writes replies as tests/conformance/reply.rs does.
import assert from "node:assert/strict";
import { test } from "node:test";
import { notation, parse, quote, shape, sorted, split } from "./support/resp.mjs";

test("notation", () => {
  const raw = Buffer.from('*4\r\n:1\r\n$1\r\n"\r\n%1\r\n+k\r\n~1\r\n,1.5\r\n_\r\n');
  const { reply, length } = parse(raw);
  assert.equal(length, raw.length);
  assert.equal(notation(reply), '1) (integer) 1\n2) "\\""\n3) 1# k => 1~ (double) 1.5\n4) (null)');
  for (let cut = 0; cut < raw.length; cut++) assert.equal(parse(raw.subarray(0, cut)), undefined);
  assert.equal(shape(parse(Buffer.from("*2\r\n:1\r\n$1\r\na\r\n")).reply), "<array of <bulk> or <integer>>");
});

test("order vanishes when sorted", () => {
  const text = (raw) => notation(sorted(parse(Buffer.from(raw)).reply));
  assert.equal(text("*2\r\n:10\r\n:9\r\n"), text("*2\r\n:9\r\n:10\r\n"));
});

test("quoting reads back", () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  assert.deepEqual(split(quote(bytes)), [bytes]);
  assert.deepEqual(split(`a 'b c' "" 'it\\'s'`).map(String), ["a", "b c", "", "it's"]);
  assert.throws(() => split('"open'));
});
