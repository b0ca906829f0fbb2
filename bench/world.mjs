// A world of nine nodes (three primaries with two replicas each) under 1,000 commands a second, in wasm: how long until it is
// ready, how much faster than time it runs, how long going back takes. In CPU time of the process.
import { Estate } from "../pkg/redlab.js";
import { memoryBytes } from "../tests/support/engine.mjs";

const START_MS = 1_700_000_000_000;
/** @param {() => void} work */
const timed = (work) => {
  const { user, system } = process.cpuUsage();
  work();
  const used = process.cpuUsage({ user, system });
  return (used.user + used.system) / 1000;
};
/** @param {string} what @param {number} figure @param {string} unit @param {string} target */
const print = (what, figure, unit, target) =>
  console.log(`${what.padEnd(52)}${figure.toFixed(1).padStart(9)} ${unit.padEnd(3)} target ${target}`);

/** @type {Estate} */
let estate;
const ready = timed(() => {
  estate = new Estate(1n, START_MS);
  for (let n = 0; n < 9; n++) {
    const config = n % 3 ? [`replicaof n${n - (n % 3) + 1} 6379`] : [];
    estate.act({ act: "add", name: `n${n + 1}`, config });
  }
});
for (let n = 0; n < 9; n += 3)
  estate.act({ act: "load", name: `app${n}`, to: `n${n + 1}`, rate_per_s: 333, writes: 50 });
estate.run(START_MS + 5000, 1e15);
const took = timed(() => estate.run(START_MS + 65_000, 1e15));
print("nine nodes ready", ready, "ms", "at most 200");
print("60 s of 1,000 commands a second, times real time", 60_000 / took, "x", "at least 100");
print("memory of the module", memoryBytes() / 2 ** 20, "MB", "at most 96");
for (const back of [1, 1000, 50_000, 100_000])
  print(
    `back by ${back} events, of ${estate.events()}`,
    timed(() => estate.seek(estate.events() - back)),
    "ms",
    "at most 100",
  );
