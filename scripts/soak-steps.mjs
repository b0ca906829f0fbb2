// A long run in steps, which may be stopped at any time:
//   node scripts/soak-steps.mjs <kind> [--count 1000] [--seed 1] [--program PATH of the test program, if it is built]
// After each step docs/soak/<kind>.json says how far it is and what was found; the next start goes on from there.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

/**
 * How a kind runs: a test program, the features it needs, trials a step, trials by default, and what a step is told.
 * @typedef {{test: string, features?: string[], step: number, count: number, args: (seed: number, first: number, count: number) => string[], env?: (first: number, count: number) => Record<string, string>}} Kind
 */

/** @param {string} mode @param {number} step @param {number} count @param {string[]} [more] @returns {Kind} */
const conformance = (mode, step, count, more = []) => ({
  test: "conformance",
  step,
  count,
  args: (seed, first, n) => [mode, ...["--seed", seed, "--first", first, "--count", n].map(String), ...more],
});

/** @type {Record<string, Kind>} */
const kinds = {
  files: conformance("files", 20, 1000),
  "old-files": conformance("old-files", 90, 900),
  logs: conformance("logs", 20, 1000),
  tools: { ...conformance("tools", 50, 200, ["--server", "target/release/redlab-server"]), features: ["server"] },
  crashes: {
    test: "crashes",
    step: 50,
    count: 1000,
    args: () => ["--nocapture", "--test-threads", "1"],
    env: (first, n) => ({ REDLAB_CRASH_SEED: String(first + 1), REDLAB_CRASHES: String(n) }),
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: "string" }, seed: { type: "string", default: "1" }, program: { type: "string" } },
});
const name = positionals[0];
const kind = kinds[name];
if (!kind) throw new Error(`one of ${Object.keys(kinds).join(", ")}`);
const wanted = Number(values.count ?? kind.count);
const seed = Number(values.seed);
const FILE = `docs/soak/${name}.json`;

/** The test program, built. @returns {string} */
function build() {
  const features = (kind.features ?? []).flatMap((f) => ["--features", f]);
  const cargo = (/** @type {string[]} */ ...args) =>
    spawnSync("cargo", args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 28 });
  if (kind.features) cargo("build", "--quiet", "--release", ...features, "--bins");
  const out = cargo("test", "--release", "--quiet", "--test", kind.test, "--no-run", "--message-format=json");
  const messages = out.stdout.split("\n").filter((line) => line.startsWith("{"));
  const built = messages.map((line) => JSON.parse(line)).find((m) => m.executable && m.target?.name === kind.test);
  if (!built) throw new Error(`${kind.test} cannot be built`);
  return built.executable;
}

/** @typedef {{seed: number, wanted: number, tried: number, passed: number, failures: string[], policies?: Record<string, Record<string, number>>}} Found */

/** @returns {Found} */
function begun() {
  /** @type {Found} */
  const fresh = { seed, wanted, tried: 0, passed: 0, failures: [] };
  if (!existsSync(FILE)) return fresh;
  const found = JSON.parse(readFileSync(FILE, "utf8"));
  return found.seed === seed && found.wanted === wanted && found.tried < wanted ? found : fresh;
}

/** What a policy's trials came to, added up. @param {Found} found @param {string} out */
function addPolicies(found, out) {
  for (const [, policy, rest] of out.matchAll(/^.*crashes: (\S+) (.*)$/gm)) {
    found.policies ??= {};
    const sums = (found.policies[policy] ??= {});
    for (const [, what, n] of rest.matchAll(/(\S+) (\d+)/g))
      sums[what] = what === "oldest_us" ? Math.max(sums[what] ?? 0, Number(n)) : (sums[what] ?? 0) + Number(n);
  }
}

/** What a failed step is remembered by: where it panicked, or what differs. @param {string} out */
const toldBy = (out) => (out.match(/(?<=panicked at ).*\n.*/g)?.join("\n") ?? out).slice(0, 4000);

const found = begun();
const program = values.program ?? build();
while (found.tried < wanted) {
  const n = Math.min(kind.step, wanted - found.tried);
  const env = { ...process.env, ...kind.env?.(found.tried, n) };
  const { stdout, stderr, status } = spawnSync(program, kind.args(seed, found.tried, n), {
    encoding: "utf8",
    env,
    maxBuffer: 1 << 28,
  });
  const out = `${stdout}${stderr}`;
  const counts = [...out.matchAll(/(\d+) passed[,;] (\d+) failed/g)];
  found.passed += counts.reduce((sum, m) => sum + Number(m[1]), 0);
  if (status !== 0) found.failures.push(toldBy(out));
  addPolicies(found, out);
  found.tried += n;
  writeFileSync(FILE, `${JSON.stringify(found, null, 2)}\n`);
  console.log(`${name}: ${found.tried} of ${wanted}, ${found.failures.length} steps with failures`);
  if (status !== 0) console.log(out);
}
process.exit(found.failures.length ? 1 : 0);
