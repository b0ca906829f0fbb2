// A lesson from start to end, and the views beside it, as a learner meets them.
import { expect, test } from "@playwright/test";
import { noViolations } from "./axe.js";
import { say } from "./sessions.js";

const input = "redlab-terminal input";

/** @param {import("@playwright/test").Page} page */
async function open(page, path = "./#lesson/leaderboard") {
  await page.goto(path);
  await expect(page.locator(input)).toBeVisible();
}

const SOLUTION = [
  "ZREVRANK lb ann",
  "ZRANGE lb 7 9 REV",
  "ZINCRBY lb 29 eve",
  "ZRANGE lb 0 2 REV",
  "CONFIG SET zset-max-listpack-entries 8",
  "ZADD lb 5 ned",
  "ZUNIONSTORE week 2 mon tue",
];

test("goals come true one after another, with reasons until then", async ({ page }) => {
  await open(page);
  const goal = (i) => page.locator(".goals li").nth(i);
  await expect(page.locator(".rule .num").first()).toHaveText("0 of 7");
  await expect(goal(2)).toContainText("answers zed; expected eve");
  await expect(goal(0).getByRole("button", { name: /^Help with: Ask for ann's place/ })).toBeVisible();
  await say(page, "ZRANK lb ann");
  await expect(goal(0)).toContainText("ZRANK lb ann answered 2; this is not it yet");
  await say(page, "ZREVRANK lb ann");
  await expect(goal(0)).toHaveClass("met");
  await expect(page.locator("redlab-lesson [role=status]")).toContainText("Reached: Ask for ann's place");
  await say(page, ...SOLUTION.slice(1));
  await expect(page.locator(".done")).toContainText("100 of 100");
  await expect(page.locator(".done h3, .done h4").first()).toBeInViewport();
  await expect(page.locator(".goals li:not(.met)")).toHaveCount(0);
  await noViolations(page);
  await page.reload();
  await expect(page.locator(".place")).toContainText("done before, 100 of 100");
});

test("hints open one by one, cost once, and stay open over a new start", async ({ page }) => {
  await open(page);
  const hints = page.locator(".hints");
  await expect(hints.locator("button")).toHaveCount(1);
  await hints.getByRole("button", { name: "Open: Nudge" }).click();
  await expect(hints).toContainText("One command counts from the bottom");
  await expect(hints).toContainText("score 99 of 100");
  await expect(hints.getByRole("button", { name: "Open: Concept" })).toBeFocused();
  await page.getByRole("button", { name: "Start again" }).click();
  await expect(hints).toContainText("One command counts from the bottom");
  await expect(hints).toContainText("score 99 of 100");
});

test("a forbidden command ends the attempt, and a new start repairs it", async ({ page }) => {
  await open(page);
  await page.locator(".lesson .body").evaluate((el) => (el.scrollTop = el.scrollHeight));
  await say(page, "FLUSHALL");
  await expect(page.locator(".ended")).toContainText("FLUSHALL");
  await expect(page.locator(".ended")).toBeInViewport();
  await page.locator(".ended button").click();
  await expect(page.locator(".ended")).toBeHidden();
  await expect(page.locator(".goals li").nth(2)).toContainText("answers zed");
});

test("the sorted set is drawn: bytes, then the skiplist with the path of the search", async ({ page }) => {
  await open(page);
  const view = page.locator(".view", { hasText: "Sorted set" }).first();
  await say(page, "ZRANK lb eve");
  await expect(view.locator(".meta")).toContainText("lb · listpack · 11 members");
  await expect(view.locator(".sum")).toContainText("rank 6");
  await say(page, "CONFIG SET zset-max-listpack-entries 8", "ZADD lb 5 ned");
  await expect(view.locator(".foot")).toContainText("listpack → skiplist: 12 members, zset-max-listpack-entries is 8");
  await say(page, "ZRANK lb eve");
  await expect(view.locator(".sum")).toContainText(/ZRANK lb eve tried \d+ pointers, took \d+: .*rank 7/);
  await expect(view.locator("svg line.path").first()).toBeAttached();
  await view.getByRole("button", { name: "Table" }).click();
  await expect(view.locator("table tr.lit")).toContainText("eve");
  await noViolations(page);
});

test("the list is drawn: one listpack, then the chain, with the way to a place", async ({ page }) => {
  await page.goto("./");
  await page.getByRole("button", { name: "Lessons" }).click();
  await noViolations(page);
  await page.getByRole("link", { name: "Queues" }).click();
  await expect(page.getByRole("button", { name: "Queues", exact: true })).toBeVisible();
  await expect(page.locator("redlab-terminal .log")).not.toContainText("SET greeting");
  // The lesson names its views: what stands there first is the list's.
  const view = page.locator(".view").first();
  await expect(view.locator(".try").first()).toHaveText("RPUSH letters a b c");
  await say(page, "LINDEX jobs -1");
  await expect(view.locator(".meta")).toContainText("jobs · listpack · 4 elements");
  await expect(view.locator(".sum")).toContainText("LINDEX jobs 3 comes from the right and finds mail:1");
  await say(page, "CONFIG SET list-max-listpack-size 3", "LPUSH jobs mail:10");
  await expect(view.locator(".foot")).toContainText("listpack → quicklist");
  await expect(view.locator(".sum")).toContainText("LPUSH jobs adds on the left. 5 elements in 2 listpacks");
  await say(page, "LINDEX jobs 1");
  await expect(view.locator("svg .on-edge")).toHaveCount(1);
  await expect(view.locator("svg")).toContainText("report:4");
  await noViolations(page);
  await view.getByRole("button", { name: "Table" }).click();
  await expect(view.locator("table tr.lit")).toContainText("report:4");
  await noViolations(page);
});

test("the hash table shows the bucket of the key and a rehash", async ({ page }) => {
  await open(page, "./");
  const view = page.locator(".view", { hasText: "Hash table" }).first();
  await expect(view.locator(".try")).toHaveText("SET greeting hello");
  await say(page, "SET greeting hello");
  await expect(view.locator(".sum")).toContainText("greeting hashes to");
  await expect(view.locator("svg")).toContainText("greeting");
  await say(page, "DEBUG POPULATE 4100 key 5", "SET a 1");
  await expect(view.locator(".meta")).toContainText("rehashing");
});

test("the drawing is one stop for Tab, and arrows walk through it", async ({ page }) => {
  await open(page);
  await say(page, "ZRANK lb eve");
  const parts = page.locator(".view").first().locator("[data-name]");
  await parts.first().focus();
  await page.keyboard.press("ArrowRight");
  await expect(parts.nth(1)).toBeFocused();
  await expect(page.locator(".view").first().locator(".point")).toContainText("ida");
  await expect(page.locator(".view").first().locator('[data-name][tabindex="0"]')).toHaveCount(1);
});
