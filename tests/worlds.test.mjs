// The worlds of tests/worlds.rs, played in WebAssembly: the same hashes at every checkpoint. `npm run soak hashes` plays more
// of them, in browsers too.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Estate } from "../pkg/redlab.js";
import { play } from "./hashes/play.mjs";
import "./support/engine.mjs";
import { recorded } from "./support/native.mjs";

const { start_ms, every, worlds } = JSON.parse(recorded("worlds", "worlds.json").toString());

for (const world of worlds)
  test(`world ${world.seed} is the same here`, () => {
    const { hashes, states } = play(new Estate(BigInt(world.seed), start_ms), world, every);
    assert.deepEqual(hashes, world.hashes);
    assert.deepEqual(states, world.states);
  });
