// <redlab-sandbox> on somebody else's page: another origin, a strict content security policy, our files under a sub-path.
import { expect, test } from "@playwright/test";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { axe } from "./axe.js";

const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
};

/** @param {import("node:http").RequestListener} handler @returns {Promise<{origin: string, close: () => void}>} */
const listen = (handler) =>
  new Promise((resolve) => {
    const server = createServer(handler);
    server.listen(0, "127.0.0.1", () =>
      resolve({
        origin: `http://127.0.0.1:${/** @type {any} */ (server.address()).port}`,
        close: () => server.close(),
      }),
    );
  });

/** Our files, without any header that a plain web server would not send. @type {{origin: string, close: () => void}} */
let ours;
/** The documentation page. @type {{origin: string, close: () => void}} */
let docs;
let body = "";
/** @type {string[]} */
let fetched = [];

test.beforeAll(async () => {
  ours = await listen((req, res) => {
    const path = normalize(decodeURIComponent(new URL(req.url ?? "/", "http://x").pathname)).replace(/^\/lab\//, "/");
    fetched.push(path);
    try {
      const file = readFileSync(join("dist", path));
      res.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" }).end(file);
    } catch {
      res.writeHead(404).end();
    }
  });
  docs = await listen((req, res) => {
    if (req.url !== "/") return void res.writeHead(404).end();
    res.writeHead(200, {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": `default-src 'none'; script-src ${ours.origin}; frame-src ${ours.origin}`,
    });
    res.end(
      `<!doctype html><html lang="en"><head><title>Docs</title><meta name="viewport" content="width=device-width"></head><body><main><h1>Docs</h1>${body}</main></body></html>`,
    );
  });
});
test.afterAll(() => {
  ours.close();
  docs.close();
});

/** @param {import("@playwright/test").Page} page @param {string} html @param {string} [attributes] of the script tag */
async function open(page, html, attributes = "") {
  body = `${html}<script src="${ours.origin}/lab/embed.js" ${attributes}></script>`;
  fetched = [];
  /** @type {string[]} */
  const errors = [];
  page.on("pageerror", (e) => errors.push(e.message));
  page.on("console", (m) => m.type() === "error" && !m.text().includes("favicon") && errors.push(m.text()));
  await page.goto(docs.origin);
  return errors;
}

const wasm = () => fetched.filter((f) => f.endsWith(".wasm"));
const ZADD = "ZADD lb 10 ann 7 bob\nZRANGE lb 0 -1 REV WITHSCORES";

test("nothing but the stub before the click, no shift; then a Redis that runs the block", async ({ page }) => {
  const errors = await open(page, `<redlab-sandbox><pre>${ZADD}</pre></redlab-sandbox><p>After.</p>`);
  await expect(page.getByRole("button", { name: "Run in this page: 2 commands, ZADD …" })).toBeVisible();
  expect(fetched).toEqual(["/embed.js"]);
  const without = await page.evaluate(() => {
    const at = document.querySelector("p")?.getBoundingClientRect().top;
    document.querySelector("redlab-sandbox")?.replaceWith(/** @type {Node} */ (document.querySelector("pre")));
    return [at, document.querySelector("p")?.getBoundingClientRect().top];
  });
  expect(without[0]).toBe(without[1]);
  await page.goto(docs.origin);
  await page.getByRole("button", { name: /Run in this page/ }).click();
  const log = page.locator("redlab-sandbox .log");
  await expect(log).toContainText("(integer) 2");
  await expect(log).toContainText('1) "ann"');
  await expect(page.locator("redlab-sandbox pre")).toBeHidden();
  await expect(page.locator("redlab-sandbox input")).toBeFocused();
  await page.keyboard.type("ZINCRBY lb 5 bob");
  await page.keyboard.press("Enter");
  await expect(log).toContainText('"12"');
  expect(errors).toEqual([]);
});

test("five embeds: one engine, one fetch; sessions of one name share their data, others do not", async ({ page }) => {
  const errors = await open(
    page,
    `<pre id="a">SET k one</pre><redlab-sandbox for="a" session="s"></redlab-sandbox><pre>GET k</pre><redlab-sandbox session="s"></redlab-sandbox>${"<pre>GET k</pre><redlab-sandbox></redlab-sandbox>".repeat(3)}`,
  );
  await page.evaluate(async () => {
    for (const el of document.querySelectorAll("redlab-sandbox")) await /** @type {any} */ (el).run();
  });
  const log = (/** @type {number} */ i) => page.locator("redlab-sandbox").nth(i).locator(".log");
  await expect(log(0)).toContainText("OK");
  await expect(log(1)).toContainText('"one"');
  for (const i of [2, 3, 4]) await expect(log(i)).toContainText("(nil)");
  // Each part of it once.
  expect(wasm().filter((f) => f.includes("redlab_bg")).length).toBe(1);
  expect(new Set(wasm()).size).toBe(wasm().length);
  expect(fetched.filter((f) => f === "/embed.html").length).toBe(1);
  await expect(page.locator("iframe")).toHaveCount(1);
  expect(await page.evaluate(() => document.activeElement === document.body)).toBe(true);
  expect(errors).toEqual([]);
});

test("events cross the shadow root; methods run, reset, load and give the data", async ({ page }) => {
  await open(page, `<redlab-sandbox></redlab-sandbox>`);
  const seen = await page.evaluate(async () => {
    /** @type {any[]} */
    const events = [];
    for (const type of ["redlab-ready", "redlab-command", "redlab-error"])
      document.addEventListener(type, (e) => events.push([type, /** @type {any} */ (e).detail]));
    const el = /** @type {any} */ (document.querySelector("redlab-sandbox"));
    await el.run("SET a 1");
    await el.load(["SET b 2", "EXISTS a b"]);
    const file = new TextDecoder().decode(await el.snapshot());
    await el.reset();
    await el.run(["DBSIZE"]);
    return { events, file };
  });
  expect(seen.events[0][0]).toBe("redlab-ready");
  const commands = seen.events.filter(([type]) => type === "redlab-command").map(([, d]) => d);
  expect(commands.map((d) => d.argv.join(" "))).toEqual(["SET a 1", "SET b 2", "EXISTS a b", "DBSIZE"]);
  expect(Object.keys(commands[0]).sort()).toEqual(["argv", "at_ms", "node", "reply"]);
  expect(commands[2].reply).toEqual({ type: "integer", text: "1" });
  expect(commands[3].reply).toEqual({ type: "integer", text: "0" });
  expect(seen.file).toContain("SET\r\n$1\r\nb\r\n");
});

test("a guest never reaches the sandbox that is kept", async ({ page }) => {
  await open(page, `<redlab-sandbox></redlab-sandbox>`);
  const saved = await page.evaluate(async (origin) => {
    const frame = document.createElement("iframe");
    frame.src = `${origin}/lab/embed.html`;
    const ready = new Promise((resolve) =>
      addEventListener("message", (e) => e.data?.redlab === "ready" && resolve(undefined)),
    );
    document.body.append(frame);
    await ready;
    const { port1, port2 } = new MessageChannel();
    frame.contentWindow?.postMessage({ redlab: "attach" }, origin, [port2]);
    return new Promise((resolve) => {
      port1.onmessage = ({ data: [[m]] }) => m.id === 1 && resolve(m.ok.saved.state);
      port1.postMessage([[{ id: 1, op: "open", options: { name: "sandbox" } }], new Uint8Array()]);
    });
  }, ours.origin);
  expect(saved).toBe("memory");
});

test("out of sight the clock stands still", async ({ page }) => {
  const eager = '<pre>SET k v PX 1500</pre><redlab-sandbox activate="eager"></redlab-sandbox>';
  await open(page, `${eager}${"<p>More to read.</p>".repeat(100)}`);
  const box = page.locator("redlab-sandbox");
  await expect(box.locator(".log")).toContainText("OK");
  await page.evaluate(() => window.scrollTo(0, 3000));
  await page.waitForTimeout(2000);
  await page.evaluate(() => window.scrollTo(0, 0));
  const run = (/** @type {string} */ line) => box.evaluate((el, l) => /** @type {any} */ (el).run(l), line);
  await run("GET k");
  await expect(box.locator(".log")).toContainText('"v"');
  await page.waitForTimeout(1500);
  await run("GET k");
  await expect(box.locator(".log")).toContainText("(nil)");
});

test("code blocks become runnable; prompts and answers in them are understood", async ({ page }) => {
  await open(
    page,
    `<pre><code class="language-redis">127.0.0.1:6379&gt; SET k 1\nOK\n127.0.0.1:6379&gt; INCR k\n(integer) 2</code></pre><pre><code>not this</code></pre>`,
    `data-upgrade="code.language-redis"`,
  );
  await expect(page.locator("redlab-sandbox")).toHaveCount(1);
  await page.getByRole("button", { name: "Run in this page: 2 commands, SET …" }).click();
  await expect(page.locator("redlab-sandbox .log")).toContainText("(integer) 2");
  await expect(page.locator("redlab-sandbox .cmd")).toHaveCount(2);
});

test("a lesson and the views, in light and dark, at 320 px, without violations", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 800 });
  await open(
    page,
    `<redlab-sandbox lesson="leaderboard" views="sorted-set" activate="eager"></redlab-sandbox><redlab-sandbox theme="dark" views="sorted-set" activate="visible"><pre tabindex="0">${ZADD}</pre></redlab-sandbox>`,
  );
  await expect(page.locator(".goals li")).toHaveCount(7);
  const events = page.evaluate(
    () =>
      new Promise((resolve) => document.addEventListener("redlab-goal", (e) => resolve(/** @type {any} */ (e).detail))),
  );
  await page.evaluate(() => /** @type {any} */ (document.querySelector("redlab-sandbox")).run(["ZREVRANK lb ann"]));
  expect(await events).toEqual({ goal: "rank", met: true });
  await page.locator("redlab-sandbox").nth(1).scrollIntoViewIfNeeded();
  await expect(page.locator("redlab-sandbox").nth(1).locator(".view svg").first()).toBeAttached();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => /** @type {any} */ (window).axe.run("main"));
  expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(" ")}`)).toEqual([]);
});

test("the stub is at most 8 KB", () => {
  expect(brotliCompressSync(readFileSync("dist/embed.js")).length).toBeLessThan(8 * 1024);
});
