// The worlds of tests/worlds.rs, played in WebAssembly: the same hashes at every checkpoint.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Estate } from "../pkg/redlab.js";
import "./support/engine.mjs";
import { recorded } from "./support/native.mjs";

const { start_ms, every, worlds } = JSON.parse(recorded("worlds", "worlds.json").toString());

for (const { seed, acts, end_ms, hashes, state } of worlds)
  test(`world ${seed} is the same here`, () => {
    const estate = new Estate(BigInt(seed), start_ms);
    /** @type {string[]} */
    const seen = [];
    /** @param {number} until_ms */
    const run = (until_ms) => {
      while (estate.run(until_ms, every) === every) seen.push(String(estate.running_hash()));
    };
    for (const [at_ms, act] of acts) {
      run(at_ms);
      try {
        estate.act(act);
      } catch {
        // What is refused natively is refused here.
      }
    }
    run(end_ms);
    assert.deepEqual(seen, hashes);
    assert.equal(String(estate.state_hash()), state);
  });
