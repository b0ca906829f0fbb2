// What was seen at a moment of one future, asked of another.
import assert from "node:assert/strict";
import { test } from "node:test";
import { futureOf, isTrue } from "../www/estate/futures.js";

const futures = [
  { id: 0, parent: null, from_ms: 0, kept: true },
  { id: 1, parent: 0, from_ms: 50, kept: true },
  { id: 2, parent: 1, from_ms: 40, kept: true },
];

test("what was seen is true in its own future as far as time has come, and in others up to where they left it", () => {
  const at = (future, now_ms) => (seen, at_ms) => isTrue({ future: seen, at_ms }, { future, now_ms, futures });
  assert.deepEqual(
    [10, 50, 60].map((ms) => at(0, 50)(0, ms)),
    [true, true, false],
  );
  assert.deepEqual(
    [50, 51].map((ms) => at(1, 90)(0, ms)),
    [true, false],
  );
  assert.equal(at(1, 90)(1, 80), true);
  assert.equal(at(1, 30)(0, 40), false, "gone back");
  // The second left the first before that left the one at the beginning.
  assert.deepEqual(
    [40, 45].map((ms) => at(2, 90)(0, ms)),
    [true, false],
  );
  assert.equal(at(0, 90)(1, 60), false, "the other future");
});

test("futures have letters", () => {
  assert.deepEqual([0, 1, 25, 26].map(futureOf), ["A", "B", "Z", "A1"]);
});
