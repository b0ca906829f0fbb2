// redis-py's own tests, as far as one server without modules can run them, against redlab-server and the oracle, in RESP2
// and RESP3. A test that passes there and not here is a failure, unless tests/clients/redis-py-known.txt lists it with a
// reason.   npm run soak redis-py [-- WORD...]   only tests whose name holds one of the words
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { startServer } from "../../bench/lib.mjs";
import { tools } from "../../scripts/tools.mjs";

const VERSION = "5.2.1";
const NEEDS = ["pytest==8.3.4", "pytest-asyncio==0.23.8", "pytest-timeout==2.3.1", "mock==5.1.0", "packaging==24.2"];
/** Modules of the suite that need more than one server, a module or a certificate. */
const WITHOUT = ["ssl", "cluster", "sentinel", "search", "graph", "json", "bloom", "timeseries", "credentials"];
const MARKS = ["redismod", "onlycluster", "onlynoncluster", "ssl", "replica", "graph", "pipeline", "experimental"];
const LEFT_OUT = ["onlycluster", "redismod", "ssl", "replica", "graph"];

const root = new URL("../..", import.meta.url).pathname;
const words = process.argv.slice(2);
const { oracle, python } = tools();
if (!oracle || !python) {
  console.error(`this needs ${oracle ? "python3" : "a real server"} on the machine`);
  process.exit(1);
}

/** @param {string} cmd @param {string[]} args @param {import("node:child_process").SpawnSyncOptions} options */
const run = (cmd, args, options = {}) => {
  const { status } = spawnSync(cmd, args, { stdio: "inherit", ...options });
  if (status !== 0) throw new Error(`${cmd} ${args.join(" ")} failed`);
};

/** The folder of the suite and that of what it needs, both brought by pip. */
const fetchSuite = () => {
  const folder = `${root}.cache/redis-py-suite-${VERSION}`;
  const [suite, deps] = [`${folder}/redis-${VERSION}`, `${folder}/deps`];
  if (!existsSync(`${suite}/tests`) || !existsSync(deps)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const pip = ["-m", "pip", "--quiet", "--disable-pip-version-check"];
    run(python, [...pip, "download", "--no-deps", "--no-binary", ":all:", "--dest", folder, `redis==${VERSION}`]);
    run("tar", ["xzf", `${suite}.tar.gz`, "-C", folder]);
    run(python, [...pip, "install", "--target", deps, ...NEEDS]);
  }
  const marks = MARKS.map((mark) => `    ${mark}: a group of tests`).join("\n");
  writeFileSync(`${folder}/pytest.ini`, `[pytest]\nasyncio_mode = auto\ntimeout = 30\nmarkers =\n${marks}\n`);
  return { folder, suite, deps };
};

/** What became of each test. @param {string} xml @returns {Map<string, string>} */
const outcomes = (xml) => {
  const found = new Map();
  for (const [, attributes, body = ""] of xml.matchAll(/<testcase ([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs)) {
    const attribute = (/** @type {string} */ name) => new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
    const verdict = /<(failure|error|skipped)/.exec(body)?.[1] ?? "passed";
    found.set(`${attribute("classname")}::${attribute("name")}`, verdict);
  }
  return found;
};

const { folder, suite, deps } = fetchSuite();

/** @param {number} port @param {string} protocol @param {string[]} only test ids as pytest names them */
const play = (port, protocol, only) => {
  const report = `${folder}/report.xml`;
  rmSync(report, { force: true });
  const ignored = ["tests", "tests/test_asyncio"].flatMap((dir) =>
    readdirSync(`${suite}/${dir}`)
      .filter((file) => WITHOUT.some((name) => file === `test_${name}.py`))
      .map((file) => `--ignore=${dir}/${file}`),
  );
  const select = [...LEFT_OUT.map((mark) => `not ${mark}`)].join(" and ");
  const args = ["-m", "pytest", "-c", `${folder}/pytest.ini`, "--rootdir", ".", "-q", "--tb=no", "--no-summary"];
  args.push("-p", "no:cacheprovider", "-m", select, ...ignored, `--junitxml=${report}`);
  args.push(`--redis-url=redis://localhost:${port}/9`, `--protocol=${protocol}`);
  if (words.length) args.push("-k", words.join(" or "));
  spawnSync(python, [...args, ...(only.length ? only : ["tests"])], {
    cwd: suite,
    env: { ...process.env, PYTHONPATH: `${deps}:.` },
    stdio: ["ignore", "ignore", "inherit"],
  });
  return outcomes(readFileSync(report, "utf8"));
};

/** `module.Class::test[x]` of a report as pytest wants it: `module.py::Class::test[x]`. @param {string} id */
const nodeId = (id) => {
  const [path, name] = id.split(/::(.*)/s);
  const parts = path.split(".");
  const file = parts.findIndex(
    (part) => part.startsWith("test_") && part !== "test_asyncio" && part !== "test_parsers",
  );
  return [`${parts.slice(0, file + 1).join("/")}.py`, ...parts.slice(file + 1), name].join("::");
};

run("cargo", ["build", "--quiet", "--release", "--features", "server", "--bin", "redlab-server"], { cwd: root });
const known = readFileSync(`${root}tests/clients/redis-py-known.txt`, "utf8")
  .split("\n")
  .filter((line) => line && !line.startsWith("#"))
  .map((line) => line.split(" | "));
const used = new Set();
const [ours, theirs] = [
  await startServer(`${process.env.CARGO_TARGET_DIR ?? `${root}target`}/release/redlab-server`),
  await startServer(oracle),
];
/** @type {Record<string, {oracle_passed: number, redlab_passed: number, known: string[], failed: string[]}>} */
const found = {};
for (const protocol of ["2", "3"]) {
  const expected = [...play(theirs.port, protocol, [])].filter(([, verdict]) => verdict === "passed").map(([id]) => id);
  const got = play(ours.port, protocol, []);
  let failed = expected.filter((id) => got.get(id) !== "passed");
  // Some of the suite's tests race with themselves: what failed gets a second chance.
  if (failed.length) {
    const again = play(ours.port, protocol, failed.map(nodeId));
    failed = failed.filter((id) => again.get(id) !== "passed");
  }
  const reason = (/** @type {string} */ id) => known.find(([word]) => id.includes(word));
  for (const id of failed) used.add(reason(id)?.[0]);
  found[`RESP${protocol}`] = {
    oracle_passed: expected.length,
    redlab_passed: expected.length - failed.length,
    known: failed.filter(reason),
    failed: failed.filter((id) => !reason(id)),
  };
  const row = found[`RESP${protocol}`];
  console.log(
    `RESP${protocol}: ${row.redlab_passed} of the ${row.oracle_passed} that pass against the real server pass, ` +
      `${row.known.length} known differences, ${row.failed.length} failures`,
  );
  for (const id of row.failed) console.log(`  ${id}`);
}
ours.stop();
theirs.stop();
const stale = words.length ? [] : known.filter(([word]) => !used.has(word)).map(([word]) => word);
if (stale.length) console.log(`listed, and nothing fails: ${stale.join(", ")}`);
if (!words.length) {
  const json = JSON.stringify({ suite: `redis-py ${VERSION}`, ...found }, null, 2);
  writeFileSync(`${root}docs/soak/redis-py.json`, `${json}\n`);
}
const failures = Object.values(found).reduce((n, row) => n + row.failed.length, stale.length);
const passes = Object.values(found).reduce((n, row) => n + row.redlab_passed, 0);
console.log(`${passes} passed, ${failures} failed`);
process.exit(failures ? 1 : 0);
