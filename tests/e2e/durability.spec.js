// Lessons with a disk, as a learner meets them: the power fails, by hand and by the lesson, and the server starts again.
import { expect, test } from "@playwright/test";
import { noViolations } from "./axe.js";
import { say } from "./sessions.js";

const input = "redlab-terminal input";

/** @param {import("@playwright/test").Page} page @param {string} id */
async function open(page, id) {
  await page.goto(`./#lesson/${id}`);
  await expect(page.locator(input)).toBeVisible();
}

/** @param {import("@playwright/test").Page} page @param {number} i */
const goal = (page, i) => page.locator(".goals li").nth(i);
/** @param {import("@playwright/test").Page} page */
const log = (page) => page.locator("redlab-terminal");

test("what appendfsync loses", async ({ page }) => {
  await open(page, "fsync");
  await say(page, "CONFIG GET appendfsync", "SET mail:1 hello");
  await expect(log(page)).toContainText("The server has started again from its files");
  await expect(goal(page, 1)).toHaveClass("met");
  await say(page, "SET mail:2 hello");
  await expect(page.locator("redlab-views, .view", { hasText: "Disk" }).first()).toContainText("all safe");
  await say(page, ":crash");
  await expect(goal(page, 2)).toHaveClass("met");
  await say(page, "CONFIG SET appendfsync always", "SET mail:3 hello");
  await expect(goal(page, 3)).toHaveClass("met");
  await say(page, "CONFIG SET appendfsync no", "SET mail:4 hello", ":crash");
  await expect(page.locator(".done")).toContainText("100 of 100");
  await noViolations(page);
});

test("snapshots, a log, and both", async ({ page }) => {
  await open(page, "snapshots");
  await say(page, "INFO persistence", "SET order:1 ann", ":crash");
  await expect(goal(page, 1)).toHaveClass("met");
  await say(page, "SET order:2 bob", "SAVE", ":crash");
  await expect(goal(page, 2)).toHaveClass("met");
  await say(page, "CONFIG SET appendonly yes", "SET order:3 eve");
  await expect(goal(page, 3)).toHaveClass("met");
  await page.waitForTimeout(1000);
  await say(page, "BGREWRITEAOF");
  await expect(goal(page, 4)).toHaveClass("met");
  await page.waitForTimeout(1000);
  await say(page, "CONFIG SET aof-use-rdb-preamble no", "BGREWRITEAOF");
  await expect(page.locator(".done")).toContainText("100 of 100");
});

test("a torn log is repaired by the server, a bent one by hand", async ({ page }) => {
  await open(page, "repair");
  await say(page, "CONFIG SET appendfsync no", "SET pay:4 40", ":crash 20");
  await expect(goal(page, 0)).toHaveClass("met");
  await say(page, ":flip appendonlydir/appendonly.aof.1.incr.aof 87", ":crash");
  await expect(log(page)).toContainText("The server does not run: Bad file format");
  await say(page, "GET pay:1");
  await expect(log(page)).toContainText("Connection refused");
  await say(page, ":check appendonlydir/appendonly.aof.manifest --fix");
  await expect(goal(page, 3)).toHaveClass("met");
  await say(page, ":start", "MGET pay:1 pay:2 pay:3");
  await expect(page.locator(".done")).toContainText("100 of 100");
  await noViolations(page);
});
