// Tabs that are killed at random moments while they write, in Chromium: what is there afterwards is a beginning of what was
// written, and nothing that was acknowledged is lost beyond the policy.  node scripts/soak-tabs.mjs [--count 100] [--seed 1] [--keep]
// With --keep docs/soak/tabs.json says how far it is and what was found, and the next start goes on from there.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { serve } from "../bench/page.mjs";

const FILE = "docs/soak/tabs.json";
/** How old, in ms, an acknowledged write may be at most that is lost: the policy's own time, a tick of the server, and the way to this process. */
const BOUND_MS = /** @type {Record<string, number>} */ ({ always: -1, everysec: 2000, no: Infinity });
const { values } = parseArgs({
  options: {
    count: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
    keep: { type: "boolean" },
  },
});
const wanted = Number(values.count);
const seed = Number(values.seed);

/** @typedef {{tried: number, acknowledged: number, losing: number, lost: number, oldest_ms: number}} Sums */
/** @typedef {{seed: number, wanted: number, policies: Record<string, Sums>, failures: string[]}} Found */

/** @returns {Found} */
function begun() {
  /** @type {Found} */
  const fresh = { seed, wanted, policies: {}, failures: [] };
  if (!values.keep || !existsSync(FILE)) return fresh;
  const found = JSON.parse(readFileSync(FILE, "utf8"));
  const whole = Object.keys(BOUND_MS).every((policy) => found.policies[policy]?.tried >= wanted);
  return found.seed === seed && found.wanted === wanted && !whole ? found : fresh;
}

/** A number from 0 to 1 for a trial. @param {string} policy @param {number} trial @param {number} which */
function chance(policy, trial, which) {
  let x = 2166136261;
  for (const c of `${seed} ${policy} ${trial} ${which}`) x = Math.imul(x ^ c.charCodeAt(0), 16777619) >>> 0;
  x = Math.imul(x ^ (x >>> 15), 2246822519) >>> 0;
  return ((x ^ (x >>> 13)) >>> 0) / 2 ** 32;
}

const served = await serve("disk");
if (!served) {
  console.log("skipped: no Chromium on this machine");
  process.exit(0);
}
const { browser, url, end } = served;

async function freshPage() {
  const page = await browser.newPage();
  await page.goto(url);
  await page.waitForFunction("window.ready", { timeout: 120_000 });
  return page;
}

/** @param {import("puppeteer-core").Page} page @param {string} key */
const begin = (page, key) => page.evaluate((k) => /** @type {any} */ (window).begin("tabs", k), key);

/** Writes until the tab is killed; what was heard, and when it died. @param {string} key @param {string} policy @param {number} trial */
async function killed(key, policy, trial) {
  const page = await freshPage();
  /** @type {number[]} */
  const heard = [];
  await page.exposeFunction("acked", (/** @type {number} */ n, /** @type {number} */ at) => (heard[n] = at));
  const { saved } = await begin(page, key);
  if (saved.state !== "saved") throw new Error(`not saved: ${saved.reason}`);
  page.evaluate((k, p) => /** @type {any} */ (window).write(k, p), key, policy).catch(() => {}); // it dies in the middle
  await new Promise((resolve) => setTimeout(resolve, 100 + 2400 * chance(policy, trial, 0)));
  const at = Date.now();
  if (chance(policy, trial, 1) < 0.5) await page.close();
  else {
    const session = await page.createCDPSession();
    await Promise.race([session.send("Page.crash").catch(() => {}), new Promise((r) => setTimeout(r, 500))]);
    await page.close().catch(() => {});
  }
  return { heard, at };
}

/** @param {string} policy @param {number} trial */
async function run(policy, trial) {
  const key = `${policy}:${seed}:${trial}:${process.pid}`;
  const { heard, at } = await killed(key, policy, trial);
  const page = await freshPage();
  const { length, inOrder, saved } = await begin(page, key);
  await page.close();
  if (saved.state !== "saved") throw new Error(`${key}: the lock was not given back: ${saved.reason}`);
  if (!inOrder) throw new Error(`${key}: not a beginning of what was written`);
  const lost = Math.max(0, heard.length - length);
  const oldest_ms = lost ? at - heard[length] : 0;
  if (lost && oldest_ms > BOUND_MS[policy]) throw new Error(`${key}: ${lost} lost, the oldest ${oldest_ms} ms old`);
  return { acknowledged: heard.length, lost, oldest_ms };
}

const found = begun();
try {
  const policies = Object.keys(BOUND_MS);
  for (const policy of policies)
    found.policies[policy] ??= { tried: 0, acknowledged: 0, losing: 0, lost: 0, oldest_ms: 0 };
  const next = () => policies.reduce((a, b) => (found.policies[b].tried < found.policies[a].tried ? b : a));
  for (let policy = next(); found.policies[policy].tried < wanted; policy = next()) {
    const sums = found.policies[policy];
    try {
      const { acknowledged, lost, oldest_ms } = await run(policy, sums.tried);
      sums.acknowledged += acknowledged;
      sums.losing += lost > 0 ? 1 : 0;
      sums.lost += lost;
      sums.oldest_ms = Math.max(sums.oldest_ms, oldest_ms);
    } catch (e) {
      found.failures.push(String(e));
    }
    sums.tried++;
    if (values.keep) writeFileSync(FILE, `${JSON.stringify(found, null, 2)}\n`);
  }
  for (const policy of policies) console.log(policy, JSON.stringify(found.policies[policy]));
} finally {
  await end();
}
const tried = Object.values(found.policies).reduce((sum, { tried: n }) => sum + n, 0);
for (const failure of found.failures) console.log(failure);
console.log(`${tried - found.failures.length} passed, ${found.failures.length} failed`);
process.exit(found.failures.length ? 1 : 0);
