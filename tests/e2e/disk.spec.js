// The disk as a learner breaks it: power cuts, torn writes, slow and full disks, a flipped bit; and the view of its files.
import { expect, test } from "@playwright/test";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const input = "redlab-terminal input";
const log = (page) => page.locator("redlab-terminal .log").first();
const last = (page) => log(page).locator(".rep").last();
const view = (page) => page.locator('redlab-views .view[aria-label="Disk"]');

/** @param {import("@playwright/test").Page} page @param {string[]} lines */
async function type(page, ...lines) {
  for (const line of lines) {
    await page.fill(input, line);
    await page.press(input, "Enter");
  }
}

test.beforeEach(async ({ page }) => {
  await page.goto("./");
  await expect(page.locator(input)).toBeVisible();
});

test("the view shows what a power cut would take, and its button takes it", async ({ page }) => {
  await page.getByRole("button", { name: "Show Disk" }).click();
  await expect(view(page).locator(".body > .sum")).toContainText("a power cut loses nothing");
  await type(page, "SET a 1", "CONFIG SET appendfsync no", "SET b 2");
  await expect(view(page).locator(".body > .sum")).toContainText("A power cut now loses");
  await expect(view(page).locator(".meta")).toContainText("at risk");
  await expect(view(page).locator('[data-name*=".1.incr.aof"]')).toHaveAttribute("data-name", /in the page cache only/);
  await view(page).getByRole("button", { name: ":crash", exact: true }).click();
  await page.press(input, "Enter");
  await expect(log(page)).toContainText("The power was cut, and is back.");
  await type(page, "MGET a b");
  await expect(log(page)).toContainText('1) "1"');
  await expect(last(page)).toHaveText("2) (nil)");
  await expect(view(page).locator(".meta")).toContainText("all safe");
});

test("the view can be walked through, has a table, and breaks no rule", async ({ page }) => {
  await page.getByRole("button", { name: "Show Disk" }).click();
  await type(page, "SET a 1", "SAVE");
  await expect(view(page).locator("[data-name]")).toHaveCount(4);
  await view(page).locator("[data-name]").first().focus();
  await page.keyboard.press("ArrowRight");
  await expect(view(page).locator(".point")).toContainText("all on the platter");
  await view(page).getByRole("button", { name: "Table" }).click();
  await expect(view(page).locator("table")).toContainText("dump.rdb");
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => /** @type {any} */ (window).axe.run(document));
  expect(violations.map((v) => v.id)).toEqual([]);
});

test("a write that was torn off is cut, in the server's own words", async ({ page }) => {
  await type(page, "SET a 1", "CONFIG SET appendfsync no", "SET b 2", ":crash 9");
  await expect(page.locator(".notice")).toContainText("Unexpected end of file reading the append only file");
  await type(page, "MGET a b");
  await expect(last(page)).toHaveText("2) (nil)");
});

test("a slow disk makes a write wait, a full one refuses it", async ({ page }) => {
  await type(page, ":disk slow", "SET a 1");
  await expect(page.getByRole("button", { name: "Stop Ctrl-C" })).toBeVisible();
  await expect(last(page)).toHaveText("OK");
  await type(page, ":disk well", "CONFIG SET appendfsync everysec", ":disk full", "SET b 2", "PING", "SET c 3");
  await expect(last(page)).toContainText("MISCONF Errors writing to the AOF file: No space left on device");
  await type(page, ":disk");
  await expect(log(page)).toContainText("appendonly.aof.manifest");
});

test("on a full disk a server that syncs before it answers ends, and nothing is promised", async ({ page }) => {
  await type(page, "SET a 1", ":disk full", "SET b 2");
  await expect(log(page)).toContainText("Server closed the connection");
  await type(page, "GET b");
  await expect(last(page)).toHaveText("(nil)");
  await type(page, ":disk well", "SET c 3", "MGET a c");
  await expect(last(page)).toHaveText('2) "3"');
});

test("a flipped bit is found when the server starts again", async ({ page }) => {
  await type(page, "SET a 1", "SET b 2");
  await type(page, ":flip appendonlydir/appendonly.aof.1.incr.aof 0");
  await expect(last(page)).toContainText("turned over");
  await type(page, ":flip nosuch 0");
  await expect(last(page)).toContainText("no such byte");
  await type(page, ":crash");
  await expect(page.locator(".notice")).toContainText("Bad file format reading the append only file");
  await type(page, "DBSIZE");
  await expect(last(page)).toHaveText("(integer) 0");
});
