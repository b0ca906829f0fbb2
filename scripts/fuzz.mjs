// The fuzz targets of tests/fuzz.rs for as long as is wanted:  npm run soak fuzz [-- --seconds 600]
// Goes on where the last run ended. Writes docs/soak/fuzz.json; a seed that fails belongs into tests/fuzz-corpus.txt.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

const FILE = "docs/soak/fuzz.json";
const { values } = parseArgs({ options: { seconds: { type: "string", default: "600" } } });
/** @type {{seconds: number, seeds: Record<string, number>, failed: string[]}} */
const found = existsSync(FILE) ? JSON.parse(readFileSync(FILE, "utf8")) : { seconds: 0, seeds: {}, failed: [] };
// Far from the seeds of the tests; all targets go on from the furthest.
const first = Math.max(1_000_000, ...Object.values(found.seeds).map((n) => 1_000_000 + n));
const { status, stdout, stderr } = spawnSync(
  "cargo",
  ["test", "--quiet", "--release", "--test", "fuzz", "--", "--nocapture"],
  {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...process.env, REDLAB_FUZZ_SECONDS: values.seconds, REDLAB_FUZZ_SEED: String(first) },
  },
);
const out = `${stdout}${stderr}`;
for (const [, target, from, to] of out.matchAll(/fuzzed: (\S+) (\d+) (\d+)/g))
  found.seeds[target] = (found.seeds[target] ?? 0) + Number(to) - Number(from);
const failed = [...out.matchAll(/failed: (\S+ \d+)/g)].map(([, seed]) => seed);
found.failed = failed;
found.seconds += Number(values.seconds);
writeFileSync(FILE, `${JSON.stringify(found, null, 2)}\n`);
if (status !== 0) console.log(out);
console.log(JSON.stringify(found));
process.exit(status ?? 1);
