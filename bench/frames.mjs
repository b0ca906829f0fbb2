// Script of the main thread a frame, in Chromium, while a world of six nodes is live in the built page (npm run build): two
// primaries with two replicas each, links of 40 ms, 200 commands a second. In processor time, as other programs take the core
// from a page now and then.
import { launch } from "puppeteer-core";
import { preview } from "vite";
import { chromium } from "../scripts/browser.mjs";
import { traceLink } from "../www/estate/trace.js";
import { limit, title } from "./lib.mjs";

const FRAME_US = 1_000_000 / 60;
const RECORDED_MS = 10_000;
/** What Chromium calls a run of a script, from wherever it was called. */
const SCRIPT = ["FunctionCall", "EvaluateScript", "RunMicrotasks", "FireAnimationFrame", "TimerFire", "EventDispatch"];

/** Six machines, links among all, and clients of both primaries, as the end of an address. */
function sixNodes() {
  const hosts = Array.from({ length: 6 }, (_, i) => `n${i + 1}`);
  const primary = (/** @type {number} */ i) => (i % 3 ? [`replicaof n${i - (i % 3) + 1} 6379`] : []);
  const machines = hosts.map((name, i) => ({ act: "add", name, config: ["appendonly yes", ...primary(i)] }));
  const links = hosts.flatMap((from) =>
    hosts.filter((to) => to !== from).map((to) => ({ act: "link", from, to, latency_us: 40_000 })),
  );
  const loads = ["n1", "n4"].map((to) => ({ act: "load", name: `users-of-${to}`, to, clients: 10, rate_per_s: 100 }));
  const acts = [...machines, ...links, ...loads].map((act) => [0, 0, act]);
  const start_ms = Date.UTC(2025, 0, 1);
  const trace = {
    redlab: "run",
    v: 1,
    preset: "six",
    seed: "5",
    start_ms,
    shown_ms: start_ms,
    acts,
    end: [0, 0],
    hash: null,
  };
  return traceLink(/** @type {any} */ (trace));
}

/**
 * Script of each frame of the busiest main thread of a recording, in ms, the least first.
 * @param {Uint8Array} recorded
 */
function scriptOfFrames(recorded) {
  const { traceEvents } = JSON.parse(new TextDecoder().decode(recorded));
  const place = (/** @type {any} */ { pid, tid }) => `${pid}/${tid}`;
  const named = traceEvents.filter((/** @type {any} */ e) => e.name === "thread_name");
  const mains = named.filter((/** @type {any} */ e) => e.args.name === "CrRendererMain").map(place);
  const ran = traceEvents
    .filter((/** @type {any} */ e) => e.ph === "X" && SCRIPT.includes(e.name))
    .sort((/** @type {any} */ a, /** @type {any} */ b) => a.ts - b.ts);
  const rows = mains.map((/** @type {string} */ at) => ran.filter((/** @type {any} */ e) => place(e) === at));
  const [busiest] = rows.sort((/** @type {any[]} */ a, /** @type {any[]} */ b) => b.length - a.length);
  const first = busiest[0].ts;
  const frames = new Array(Math.ceil((busiest.at(-1).ts - first + 1) / FRAME_US)).fill(0);
  let until = 0;
  for (const { ts, dur, tdur = dur } of busiest) {
    // What was called by something that counts already counts there.
    if (ts < until) continue;
    until = ts + dur;
    frames[Math.floor((ts - first) / FRAME_US)] += Math.min(dur, tdur) / 1000;
  }
  return frames.sort((a, b) => a - b);
}

if (!chromium) {
  console.log("skipped: no Chromium on this machine");
  process.exit(0);
}
const server = await preview({ preview: { port: 0, host: "127.0.0.1" }, logLevel: "warn" });
const { port } = /** @type {import("node:net").AddressInfo} */ (server.httpServer.address());
const args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
const browser = await launch({ executablePath: chromium, args });
try {
  for (const wire of [false, true]) {
    const page = await browser.newPage();
    page.on("pageerror", (e) => console.error(String(e)));
    await page.setViewport({ width: 1440, height: 900 });
    await page.goto(`http://127.0.0.1:${port}/${await sixNodes()}`);
    const press = async (/** @type {string} */ words) =>
      (await page.waitForSelector(`::-p-xpath(//button[normalize-space()="${words}"])`, { timeout: 60_000 }))?.click();
    await press("Play it");
    await page.waitForSelector(".estate-time .deck", { timeout: 120_000 });
    await press("Play");
    if (wire) await press("Wire");
    await new Promise((go) => setTimeout(go, 3000));
    await page.tracing.start({ categories: ["devtools.timeline"] });
    await new Promise((go) => setTimeout(go, RECORDED_MS));
    const frames = scriptOfFrames((await page.tracing.stop()) ?? new Uint8Array());
    const at = (/** @type {number} */ part) => frames[Math.min(frames.length - 1, Math.floor(frames.length * part))];
    title(`six nodes live, Chromium${wire ? ", with the wire" : ""}: script of ${frames.length} frames`, "", "");
    console.log(`half of them at most ${at(0.5).toFixed(2)} ms, the longest ${at(1).toFixed(2)} ms`);
    limit("95 of 100 frames at most", at(0.95), "ms", 4);
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}
process.exit(0);
