// Scripts in the browser: one that never ends is ended from another session, and the engine's worker is never held.
import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { log, session } from "./sessions.js";

/** @param {import("@playwright/test").Page} page @param {string} line */
async function type(page, line, number = 0) {
  const input = session(page, number).locator("input");
  await input.fill(line);
  await input.press("Enter");
}

/** Commands for the snippets of a file, with what their answers contain. @param {string} file */
const snippets = (file) =>
  readFileSync(file, "utf8")
    .split("--@@ ")
    .slice(1)
    .map((part) => {
      const [, source, expected] = /^[^\n]*\n(.*?)(?:\n--=> (.*))?$/s.exec(part.trimEnd()) ?? [];
      return { line: `EVAL "${source.replace(/[\\"]/g, "\\$&")}" 0`, expected: expected ?? "" };
    });

/** Empties what a session shows. @param {import("@playwright/test").Page} page */
async function clear(page, number = 0) {
  await session(page, number).locator("input").press("Control+l");
  await expect(log(page, number).locator(".cmd")).toHaveCount(0);
}

test("scripts that never end are ended from another session", async ({ page }) => {
  test.setTimeout(180_000);
  await page.goto("./");
  await expect(session(page)).toBeVisible();
  await page.getByRole("button", { name: "Open another session" }).click();
  await expect(session(page, 1)).toBeVisible();
  await type(page, "CONFIG SET busy-reply-threshold 300");
  await expect(log(page)).toContainText("OK");
  for (const { line } of snippets("tests/lua/ends/endless.lua")) {
    await type(page, line);
    await page.waitForTimeout(600);
    await type(page, "GET k", 1);
    await expect(log(page, 1)).toContainText("BUSY Redis is busy running a script");
    await type(page, "SCRIPT KILL", 1);
    await expect(log(page)).toContainText("Script killed by user with SCRIPT KILL");
    await type(page, "PING again", 1);
    await expect(log(page, 1)).toContainText('"again"');
    for (const number of [0, 1]) await clear(page, number);
  }
});

test("bombs end in errors, and the lab goes on", async ({ page }) => {
  test.setTimeout(180_000);
  await page.goto("./");
  await expect(session(page)).toBeVisible();
  for (const { line, expected } of snippets("tests/lua/ends/bombs.lua")) {
    await type(page, line);
    await type(page, "PING still");
    await expect(log(page)).toContainText('"still"', { timeout: 30_000 });
    await expect(log(page)).toContainText(expected);
    await clear(page);
  }
});

test("scripts and functions answer, and the lab goes on", async ({ page }) => {
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
