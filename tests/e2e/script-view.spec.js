// Scripts in the page: one that never ends, bombs of every kind, and a script gone through line by line.
import { expect, test } from "@playwright/test";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const session = (page, number = 0) => page.locator("redlab-terminal").nth(number);
const log = (page, number = 0) => session(page, number).locator(".log");
const replies = (page, number = 0) => log(page, number).locator(".rep");

/** @param {import("@playwright/test").Page} page @param {number} number @param {string[]} lines */
async function type(page, number, ...lines) {
  const input = session(page, number).locator("input");
  for (const line of lines) {
    await input.fill(line);
    await input.press("Enter");
  }
}

/** @param {import("@playwright/test").Page} page */
async function noViolations(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => /** @type {any} */ (window).axe.run(document));
  expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(" ")}`)).toEqual([]);
}

/** @param {import("@playwright/test").Page} page @param {string} [path] */
async function open(page, path = "./") {
  await page.goto(path);
  await expect(session(page)).toBeVisible();
}

/** @param {import("@playwright/test").Page} page */
async function second(page) {
  await page.getByRole("button", { name: "Open another session" }).click();
  await expect(session(page, 1).locator(".ask .ps")).toHaveText("n1:6379>");
}

test("a script that never ends: others are told so, SCRIPT KILL ends it, the page stays alive", async ({ page }) => {
  test.setTimeout(40_000);
  await open(page);
  await second(page);
  await type(page, 0, "SET k v");
  await expect(replies(page)).toHaveText(["OK"]);
  await type(page, 0, 'EVAL "while true do end" 0');
  await type(page, 1, "GET k");
  // The page draws and takes keys while the worker is busy.
  const frames = await page.evaluate(async () => {
    let n = 0;
    const until = performance.now() + 1000;
    while (performance.now() < until) (await new Promise(requestAnimationFrame), n++);
    return n;
  });
  expect(frames).toBeGreaterThan(10);
  await expect(log(page, 1)).toContainText("BUSY Redis is busy running a script", { timeout: 20_000 });
  await type(page, 1, "SCRIPT KILL");
  await expect(replies(page, 1).last()).toHaveText("OK");
  await expect(log(page)).toContainText("Script killed by user with SCRIPT KILL");
  await type(page, 0, "GET k");
  await expect(replies(page).last()).toHaveText('"v"');
});

test("the view of an endless script ends it", async ({ page }) => {
  test.setTimeout(30_000);
  await open(page);
  await type(page, 0, "SET k v", 'EVAL "while true do end" 0');
  await expect(page.locator("redlab-views .ln", { hasText: "while true do end" })).toBeVisible();
  await page.getByRole("button", { name: "SCRIPT KILL" }).click();
  await expect(log(page)).toContainText("Script killed by user", { timeout: 15_000 });
  await type(page, 0, "GET k");
  await expect(replies(page).last()).toHaveText('"v"');
});

for (const [name, script] of [
  ["recursion", "local function f() return f() + 1 end return f()"],
  ["recursion through pcall", "local function f() return pcall(f) end return f()"],
  ["a string that doubles", "local s = 'x' while true do s = s .. s end"],
  ["a table that grows", "local t = {} while true do t[#t + 1] = t end"],
  ["a pattern without end", "return string.find(string.rep('a', 100000), string.rep('a-', 200) .. 'b')"],
  ["string.rep of a gigabyte", "return #string.rep('x', 2000000000)"],
  ["nested JSON", "return cjson.decode(string.rep('[', 100000))"],
  ["a syntax error", "return ="],
  ["bytecode", "return loadstring(string.dump(function() end))"],
])
  test(`a bomb: ${name}`, async ({ page }) => {
    test.setTimeout(60_000);
    await open(page);
    await second(page);
    await type(page, 0, "SET k v", `EVAL "${script}" 0`);
    // It ends by itself, mostly with an error, or somebody ends it.
    const answers = replies(page);
    for (let i = 0; i < 20 && (await answers.count()) < 2; i++) {
      await page.waitForTimeout(500);
      if (i > 10) await type(page, 1, "SCRIPT KILL");
    }
    await expect(answers).toHaveCount(2, { timeout: 20_000 });
    await type(page, 0, "GET k");
    await expect(replies(page).last()).toHaveText('"v"');
    await expect(page.locator(".notice")).toHaveCount(0);
  });

test("the lesson of the endless script, with two sessions", async ({ page }) => {
  test.setTimeout(40_000);
  await open(page, "./#lesson/endless");
  await second(page);
  await type(page, 0, 'EVAL "while true do end" 0');
  const view = page.locator("redlab-views .view", { has: page.locator("h3", { hasText: "Event loop" }) });
  await expect(view.locator(".body > .sum")).toContainText("runs, and nobody else");
  await type(page, 1, "GET k");
  await expect(view.locator(".body > .sum")).toContainText("Nobody reads 1 command of 1 client");
  await expect(log(page, 1)).toContainText("BUSY", { timeout: 15_000 });
  await type(page, 1, "SCRIPT KILL");
  await expect(log(page)).toContainText("Script killed by user");
  await type(page, 0, "GET k", 'EVAL "return 1000" 0', "SLOWLOG GET");
  await expect(page.locator(".done")).toContainText("100 of 100");
});

test("another client comes in between, as the lesson says", async ({ page }) => {
  await open(page, "./#lesson/lock");
  await type(page, 0, "GET lock:a", "GET lock:a");
  await expect(replies(page)).toHaveText(['"token-1"', '"token-2"']);
  await type(page, 0, "DEL lock:a");
  await expect(page.locator(".goals li").nth(1)).toHaveClass("met");
});

test("a script is gone through line by line", async ({ page }) => {
  await open(page, "./#lesson/lock");
  const view = page.locator("redlab-views .view", { has: page.locator("h3", { hasText: "Script" }) });
  await expect(view.locator(".body > .sum")).toContainText("The last script is shown here");
  await view.getByRole("button", { name: "Stop before scripts" }).click();
  await type(
    page,
    0,
    "EVAL \"local n = redis.call('INCR', KEYS[1])\\nn = n * 10\\nredis.call('SET', 'b', n)\\nreturn n + 1\" 1 a",
  );
  await expect(view.locator(".body > .sum")).toContainText("It stands at line 1; so far 0 µs and 0 calls");
  await expect(replies(page)).toHaveCount(0);
  const lines = view.locator(".ln");
  await expect(lines).toHaveCount(4);
  const next = view.getByRole("button", { name: "Next line" });
  await expect(lines.nth(0)).toHaveAttribute("aria-current", "step");
  await next.click();
  await expect(lines.nth(1)).toHaveAttribute("aria-current", "step");
  await expect(next).toBeFocused();
  await expect(lines.nth(0)).toContainText("1 call");
  await noViolations(page);
  // To a line: by keyboard, as by the mouse.
  await lines.nth(0).focus();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await expect(lines.nth(3)).toHaveAttribute("aria-current", "step");
  await expect(view.locator("table").first()).toContainText("SET b 10");
  await view.getByRole("button", { name: "Run on" }).click();
  await expect(replies(page)).toHaveText(["(integer) 11"]);
  await expect(view.locator(".body > .sum")).toContainText("It is through");
  await expect(view.locator(".body > .sum")).toContainText("are told 2 commands");
  await view.getByRole("button", { name: "Table" }).click();
  await expect(view.locator(".twin table").first()).toContainText("n = n * 10");
  await noViolations(page);
});
