// All the tests, in order. Everything that can run does, even after a failure; what cannot says why.
//   npm test                   all
//   npm test -- rust types     only the steps whose name contains one of the words
import { spawn } from "node:child_process";
import { globSync } from "./glob.mjs";
import { tools } from "./tools.mjs";

const have = tools();
const cargo = (...args) => ["cargo", ...args];
const clippy = (...args) => cargo("clippy", "--quiet", ...args, "--", "-D", "warnings");
const npx = (...args) => ["npx", "--no-install", ...args];
const nodeTests = globSync("tests", ".test.mjs").filter((file) => !file.includes("/clients/"));
const browserTests = globSync("tests/e2e", ".spec.js", ".spec.mjs");

/**
 * name; command; `count` finds passed and failed tests in the output (without it a step counts as one test);
 * `needs` names an earlier step that must have passed; `skip` is the reason not to run.
 * @typedef {{name: string, run: string[], count?: (out: string) => [number, number], needs?: string, skip?: string | false}} Step
 */

/** Sum of every match's first two groups. @param {RegExp} pattern @returns {(out: string) => [number, number]} */
const sum = (pattern) => (out) =>
  [...out.matchAll(pattern)].reduce(([p, f], m) => [p + Number(m[1] ?? 0), f + Number(m[2] ?? 0)], [0, 0]);
const libtest = sum(/^test result: \w+\. (\d+) passed; (\d+) failed/gm);
const own = sum(/^(?:.*: )?(\d+) passed, (\d+) failed$/gm);
const nodeTest = sum(/^(?:#|ℹ) pass (\d+)$(?:\n(?:#|ℹ) fail (\d+)$)?/gm);
const playwright = (out) => [sum(/^\s+(\d+) passed/gm)(out)[0], sum(/^\s+(\d+) failed/gm)(out)[0]];

const oracleReason = !have.oracle && "no valkey-server on this machine and none could be installed";
const browserReason = !have.chromium && "no Chromium on this machine and none could be installed";

/** @type {Step[]} */
const steps = [
  { name: "rust format", run: cargo("fmt", "--all", "--", "--check") },
  {
    name: "rust lints, native",
    // The conformance program is no test of cargo's own, so it has to be named.
    run: clippy("--all-targets", "--test", "conformance", "--features", "server"),
  },
  { name: "rust lints, wasm", run: clippy("--lib", "--target", "wasm32-unknown-unknown") },
  { name: "rust tests", run: cargo("test", "--quiet", "--features", "server"), count: libtest },
  {
    name: "conformance, transcripts",
    run: cargo("test", "--quiet", "--test", "conformance", "--", "transcripts"),
    count: own,
  },
  {
    name: "conformance, harness",
    run: cargo("test", "--quiet", "--test", "conformance", "--", "self-test"),
    count: own,
    skip: oracleReason,
  },
  {
    name: "conformance, protocol",
    run: cargo("test", "--quiet", "--test", "conformance", "--", "protocol"),
    count: own,
    skip: oracleReason,
  },
  {
    name: "conformance, table",
    run: cargo("test", "--quiet", "--test", "conformance", "--", "table"),
    count: own,
    skip: oracleReason,
  },
  {
    name: "conformance, settings",
    run: cargo("test", "--quiet", "--test", "conformance", "--", "settings"),
    count: own,
    skip: oracleReason,
  },
  {
    name: "conformance, sample",
    run: cargo("test", "--quiet", "--test", "conformance", "--", "sample"),
    count: own,
    skip: oracleReason,
  },
  {
    name: "conformance, scripts",
    run: cargo("test", "--quiet", "--test", "conformance", "--", "scripts"),
    count: own,
    skip: oracleReason,
  },
  {
    name: "conformance, eviction",
    run: cargo("test", "--quiet", "--test", "conformance", "--", "eviction"),
    count: own,
  },
  {
    name: "conformance, log",
    run: cargo("test", "--quiet", "--test", "conformance", "--", "replay"),
    count: own,
    skip: oracleReason,
  },
  {
    name: "conformance, payloads",
    run: cargo("test", "--quiet", "--test", "conformance", "--", "dumps"),
    count: own,
    skip: oracleReason,
  },
  {
    name: "conformance, files",
    run: cargo("test", "--quiet", "--test", "conformance", "--", "files"),
    count: own,
    skip: oracleReason,
  },
  {
    name: "conformance, old files",
    run: cargo("test", "--quiet", "--test", "conformance", "--", "old-files"),
    count: own,
    skip: oracleReason,
  },
  {
    name: "conformance, append-only files",
    run: cargo("test", "--quiet", "--test", "conformance", "--", "logs"),
    count: own,
    skip: oracleReason,
  },
  {
    name: "conformance, replication",
    run: cargo("test", "--quiet", "--test", "conformance", "--", "replication"),
    count: own,
    skip: oracleReason,
  },
  {
    name: "conformance, sentinel",
    run: cargo("test", "--quiet", "--test", "conformance", "--", "sentinel"),
    count: own,
    skip: oracleReason,
  },
  {
    name: "conformance, tools",
    // The program is built with the tests of Rust.
    run: cargo("test", "--quiet", "--test", "conformance", "--", "tools", "--server", "target/debug/redlab-server"),
    count: own,
    needs: "rust tests",
    skip: oracleReason,
  },
  { name: "build, wasm", run: ["npm", "run", "--silent", "build:wasm"] },
  { name: "build, page", run: ["npm", "run", "--silent", "build:page"], needs: "build, wasm" },
  { name: "sizes", run: ["node", "scripts/sizes.mjs"], needs: "build, wasm" },
  {
    name: "killed tabs",
    run: ["node", "scripts/soak-tabs.mjs", "--count", "3"],
    count: own,
    needs: "build, wasm",
    skip: browserReason,
  },
  { name: "types", run: npx("tsc", "-p", "jsconfig.json") },
  {
    name: "javascript format",
    run: npx(
      "prettier",
      "--check",
      "--log-level",
      "warn",
      "www",
      "tests",
      "scripts",
      "bench",
      "*.js",
      "*.json",
      "*.html",
    ),
  },
  {
    name: "wasm and scripts in node",
    run: ["node", "--test", "--test-reporter", "spec", ...nodeTests],
    count: nodeTest,
    needs: "build, wasm",
    skip: !nodeTests.length && "no tests",
  },
  {
    name: "client programs, native server",
    run: [
      "node",
      "--test",
      "--test-reporter",
      "spec",
      "tests/clients/clients.test.mjs",
      "tests/clients/features.test.mjs",
      "tests/clients/sentinel.test.mjs",
    ],
    count: nodeTest,
  },
  {
    name: "end to end, Chromium",
    run: npx("playwright", "test"),
    count: playwright,
    needs: "build, page",
    skip: browserReason || (!browserTests.length && "no tests"),
  },
];

/** Run a command, showing its output as it comes. @param {string[]} argv @returns {Promise<{ok: boolean, out: string}>} */
const execute = ([cmd, ...args]) =>
  new Promise((resolve) => {
    let out = "";
    const child = spawn(cmd, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, CI: process.env.CI ?? "1" },
    });
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ])
      from.on("data", (chunk) => {
        out += chunk;
        to.write(chunk);
      });
    child.on("error", (e) => resolve({ ok: false, out: String(e) }));
    child.on("close", (code) => resolve({ ok: code === 0, out: out.replace(/\x1b\[[0-9;]*m/g, "") }));
  });

const wanted = process.argv.slice(2);
const started = Date.now();
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;
const failed = new Set();
const notes = [];
let [passes, failures] = [0, 0];

for (const { name, run, count, needs, skip } of steps) {
  if (wanted.length && !wanted.some((word) => name.includes(word))) continue;
  const reason = skip || (needs && failed.has(needs) && `"${needs}" failed`);
  if (reason) {
    notes.push(`skipped: ${name}: ${reason}`);
    console.log(`\n== ${notes.at(-1)}`);
    continue;
  }
  console.log(`\n== ${name}`);
  const start = Date.now();
  const { ok, out } = await execute(run);
  let [passed, broken] = count?.(out) ?? [ok ? 1 : 0, 0];
  if (!ok) {
    broken ||= 1; // a step that could not even start its tests failed too
    failed.add(name);
    notes.push(`failed: ${name}`);
  }
  passes += passed;
  failures += broken;
  console.log(`== ${name}: ${ok ? "ok" : "FAILED"}, ${seconds(start)}`);
}

console.log(`\n${[...notes, `all steps: ${seconds(started)}`].join("\n")}`);
console.log(`${passes} passed, ${failures} failed`);
process.exit(failed.size ? 1 : 0);
