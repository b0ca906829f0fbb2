// Acknowledged writes a second in Chromium, each on the platter and in the browser's storage before its reply, of many clients
// that share fsyncs as those of a real server do; and the longest task of the page's main thread meanwhile, by the clock and by the
// processor time it took (the rest is other programs').
import { limit, title } from "./lib.mjs";
import { serve } from "./page.mjs";

/**
 * The longest tasks of the busiest main thread, in ms, of a recording.
 * @param {Uint8Array} trace
 */
function longestTasks(trace) {
  const { traceEvents } = JSON.parse(new TextDecoder().decode(trace));
  const place = (/** @type {any} */ { pid, tid }) => `${pid}/${tid}`;
  const named = traceEvents.filter((/** @type {any} */ e) => e.name === "thread_name");
  const mains = named.filter((/** @type {any} */ e) => e.args.name === "CrRendererMain").map(place);
  const tasks = traceEvents.filter((/** @type {any} */ e) => e.ph === "X" && e.name.endsWith("::RunTask"));
  const rows = mains.map((/** @type {string} */ at) => tasks.filter((/** @type {any} */ e) => place(e) === at));
  const [busiest] = rows.sort((/** @type {any[]} */ a, /** @type {any[]} */ b) => b.length - a.length);
  const longest = (/** @type {(task: any) => number} */ of) => Math.max(...busiest.map(of)) / 1000;
  // A clock of the processor that says more than the wall's is a wrong one.
  return { wallMs: longest((e) => e.dur), cpuMs: longest((e) => Math.min(e.dur, e.tdur ?? e.dur)) };
}

const served = await serve("disk");
if (!served) {
  console.log("skipped: no Chromium on this machine");
  process.exit(0);
}
const { browser, url, end } = served;
try {
  for (const clients of [1, 50]) {
    const page = await browser.newPage();
    page.on("pageerror", (e) => console.error(String(e)));
    await page.goto(url);
    await page.waitForFunction("window.ready", { timeout: 120_000 });
    await page.evaluate((name) => /** @type {any} */ (window).begin(name, "l"), `bench-${clients}`);
    await page.tracing.start({ categories: ["toplevel"] });
    const { perSecond, saved } = await page.evaluate((n) => /** @type {any} */ (window).load(n, 4000), clients);
    const { wallMs, cpuMs } = longestTasks((await page.tracing.stop()) ?? new Uint8Array());
    title(`appendfsync always, Chromium, ${clients} client${clients > 1 ? "s" : ""} (${saved})`, "", "");
    console.log(`acknowledged writes a second: ${perSecond.toFixed(0)}${clients > 1 ? " (at least 1,000)" : ""}`);
    limit("longest task of the main thread", wallMs, "ms", 4);
    limit("the same in processor time", cpuMs, "ms", 4);
    await page.close();
  }
} finally {
  await end();
}
process.exit(0);
