// The run that tests/parity.rs recorded natively, in wasm: every output is the same, byte for byte.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Engine } from "./support/engine.mjs";
import { recorded } from "./support/native.mjs";

const SEED = 42n;
const START_MS = 1_700_000_000_000;

/** The records of the file, one after another. @param {Buffer} file */
function* records(file) {
  for (let at = 0; at < file.length;) {
    const [now_ms, client] = [file.readDoubleLE(at), file.readUInt32LE(at + 8)];
    const length = file.readUInt32LE(at + 12);
    const input = file.subarray(at + 16, at + 16 + length);
    at += 16 + length;
    const output = file.subarray(at + 4, at + 4 + file.readUInt32LE(at));
    at += 4 + output.length;
    yield { now_ms, client, input, output };
  }
}

test("native and wasm give the same outputs", () => {
  const file = recorded("parity", "parity.bin");
  const engine = new Engine(SEED, START_MS);
  engine.keep_log();
  for (let n = 0; n < 3; n++) engine.connect();
  let played = 0;
  for (const { now_ms, client, input, output } of records(file)) {
    engine.advance(now_ms);
    const got = Buffer.from(client ? engine.exec(client, input) : engine.take_log());
    if (!got.equals(output))
      assert.deepEqual(
        got.toString("latin1"),
        output.toString("latin1"),
        `record ${played}: ${input.toString("latin1")}`,
      );
    played++;
  }
  assert.ok(played > 15_000, `${played} records were played`);
});
