// Scripts in the browser: one that never ends is ended from another session, and the engine's worker is never held.
import { expect, test } from "@playwright/test";

/** The session of that number, from 0. @param {import("@playwright/test").Page} page */
const session = (page, number = 0) => page.locator("redlab-terminal").nth(number);
const log = (page, number = 0) => session(page, number).locator(".log");

/** @param {import("@playwright/test").Page} page @param {string} line */
async function type(page, line, number = 0) {
  const input = session(page, number).locator("input");
  await input.fill(line);
  await input.press("Enter");
}

test("a script that never ends is ended from another session", async ({ page }) => {
  await page.goto("./");
  await expect(session(page)).toBeVisible();
  await page.getByRole("button", { name: "Open another session" }).click();
  await expect(session(page, 1)).toBeVisible();
  await type(page, "CONFIG SET busy-reply-threshold 300");
  await expect(log(page)).toContainText("OK");
  for (const script of [
    "while true do end",
    "while true do redis.call('GET', 'k') end",
    "string.find(string.rep('a', 100000), string.rep('a*', 200) .. 'b')",
  ]) {
    await type(page, `EVAL "${script}" 0`);
    await page.waitForTimeout(600);
    await type(page, "GET k", 1);
    await expect(log(page, 1)).toContainText("BUSY Redis is busy running a script");
    await type(page, "SCRIPT KILL", 1);
    await expect(log(page)).toContainText("Script killed by user with SCRIPT KILL");
    await type(page, "PING again", 1);
    await expect(log(page, 1)).toContainText('"again"');
    for (const number of [0, 1]) {
      await session(page, number).locator("input").press("Control+l");
      await expect(log(page, number).locator(".cmd")).toHaveCount(0);
    }
  }
});

test("scripts, functions and bombs answer, and the lab goes on", async ({ page }) => {
  await page.goto("./");
  await expect(session(page)).toBeVisible();
  for (const [line, answer] of [
    [`EVAL "return {KEYS[1], ARGV[1], 3}" 1 k v`, "(integer) 3"],
    [`FUNCTION LOAD "#!lua name=lib\\nredis.register_function('f', function(k, a) return a[1] .. '!' end)"`, '"lib"'],
    ["FCALL f 0 hello", '"hello!"'],
    [`EVAL "local t = {} while true do t[#t + 1] = {} end" 0`, "not enough memory"],
    [`EVAL "local function f() return 1 + f() end return f()" 0`, "stack overflow"],
    [`EVAL "return string.rep('x', 1e9)" 0`, "not enough memory"],
    [`EVAL "return cjson.decode(string.rep('[', 2000))" 0`, "nested"],
    [`EVAL "return loadstring(string.rep('(', 1e5))" 0`, "(nil)"],
    ["PING still", '"still"'],
  ]) {
    await type(page, line);
    await expect(log(page)).toContainText(answer, { timeout: 30_000 });
  }
});
