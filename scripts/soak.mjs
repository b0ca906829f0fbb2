// The long runs, on demand:  npm run soak conformance [-- --count 100000 --seed 1]
// Each writes what it tried and found to docs/soak/<name>.json; that of eviction keeps the oracle's hit rates beside its
// test.
import { spawnSync } from "node:child_process";

const conformance = (mode, args) => [
  ...["cargo", "test", "--quiet", "--release", "--test", "conformance", "--", mode],
  ...args,
];
/** @param {string} kind @param {string[]} args */
const steps = (kind, args) => ["node", "scripts/soak-steps.mjs", kind, ...args];

const kinds = {
  conformance: (args) => conformance("soak", args),
  eviction: (args) => conformance("soak-eviction", args),
  crashes: (args) => steps("crashes", args),
  files: (args) => steps("files", args),
  "old-files": (args) => steps("old-files", args),
  logs: (args) => steps("logs", args),
  tools: (args) => steps("tools", args),
  tabs: (args) => ["node", "scripts/soak-tabs.mjs", "--keep", ...args],
  replication: (args) => conformance("soak-replication", ["--count", "2500", ...args]),
  scripts: (args) => conformance("soak-scripts", args),
  worlds: () => {
    process.env.REDLAB_WORLDS ??= "1000";
    return ["cargo", "test", "--quiet", "--release", "--test", "worlds"];
  },
  hashes: (args) => ["node", "scripts/soak-hashes.mjs", ...args],
  fuzz: (args) => ["node", "scripts/fuzz.mjs", ...args],
  "redis-py": (args) => ["node", "tests/clients/suite.mjs", ...args],
};

const [kind, ...args] = process.argv.slice(2);
if (!kinds[kind]) {
  console.error(`usage: npm run soak <${Object.keys(kinds).join("|")}> [-- OPTIONS]`);
  process.exit(2);
}
const more = kind === "hashes" ? ["--browsers"] : [];
const setup = spawnSync("node", ["scripts/setup.mjs", "--tests", ...more], { stdio: "inherit" });
if (setup.status !== 0) process.exit(setup.status ?? 1);
const [cmd, ...rest] = kinds[kind](args);
process.exit(spawnSync(cmd, rest, { stdio: "inherit" }).status ?? 1);
