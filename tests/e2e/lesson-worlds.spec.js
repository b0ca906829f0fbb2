// A lesson in a world of several nodes, from start to end as a learner meets it: typed, clicked, gone back in.
import { expect, test } from "@playwright/test";
import { noViolations } from "./axe.js";
import { breaks, deck, enter, log, OPENS, seek, terminal } from "./worlds.js";

// A world of several nodes takes the engine's later part first, and a busy machine a while for it.
test.setTimeout(60_000);

const goal = (page, i) => page.locator(".goals li").nth(i);
const count = (page) => page.locator("redlab-lesson .rule .num").first();

/** @param {import("@playwright/test").Page} page */
async function open(page, id = "acknowledged-and-lost") {
  await page.goto(`./#lesson/${id}`);
  await expect(page.locator(".goals li").first()).toBeVisible(OPENS);
}

/** Types a line, and waits for what comes of it. @param {import("@playwright/test").Page} page @param {string} host @param {string} line @param {string | RegExp} answer */
async function type(page, host, line, answer) {
  await enter(page, host, line);
  await expect(log(page, host).locator(".rep").last()).toContainText(answer);
}

test("done from start to end by typing and clicking", async ({ page }) => {
  await open(page);
  await expect(count(page)).toHaveText("0 of 6");
  await expect(goal(page, 0)).toContainText("n1> SET has not run yet");
  // A line of the text says where it is to be typed.
  await page.getByRole("button", { name: "Put at the prompt: n2> ROLE" }).click();
  await expect(terminal(page, "n2").locator("input")).toHaveValue("ROLE");
  await type(page, "n1", "SET order:1 ann", "OK");
  await type(page, "n2", "GET order:1", '"ann"');
  await expect(goal(page, 0)).toHaveClass("met");
  await breaks(page, /^n1 primary/, "Cut it off");
  await type(page, "n1", "SET order:2 bob", "OK");
  await expect(goal(page, 1)).toHaveClass("met");
  await breaks(page, /^n1 primary/, "Kill the server");
  await type(page, "n2", "REPLICAOF NO ONE", "OK");
  await type(page, "n2", "GET order:2", "(nil)");
  await expect(goal(page, 3)).toHaveClass("met");
  await noViolations(page);
  await type(page, "n2", ":heal", "Done.");
  await type(page, "n2", ":start n1", "n1 was started");
  await type(page, "n1", "GET order:2", '"bob"');
  await type(page, "n1", "REPLICAOF n2 6379", "OK");
  await expect(page.locator(".done")).toContainText("100 of 100", { timeout: 15_000 });
  await noViolations(page);
  await page.emulateMedia({ colorScheme: "dark" });
  await noViolations(page);
  await page.reload();
  await expect(page.locator(".place")).toContainText("done before, 100 of 100", OPENS);
  await expect(count(page)).toHaveText("0 of 6");
});

test("going back takes the goals back, and another future comes to its own", async ({ page }) => {
  await open(page);
  await type(page, "n1", "SET order:1 ann", "OK");
  await type(page, "n2", "GET order:1", '"ann"');
  await expect(count(page)).toHaveText("1 of 6");
  await page.locator(".hints").getByRole("button", { name: "Open: Nudge" }).click();
  await expect(page.locator(".hints")).toContainText("score 99 of 100");
  await seek(page, 0);
  await expect(count(page)).toHaveText("0 of 6");
  await expect(log(page, "n1").locator(".cmd.untrue")).toHaveCount(1);
  // What was paid for stays paid.
  await expect(page.locator(".hints")).toContainText("score 99 of 100");
  await deck(page).getByRole("button", { name: "Play", exact: true }).click();
  await expect(count(page)).toHaveText("1 of 6");
  await seek(page, 0);
  await deck(page).getByRole("button", { name: "Play", exact: true }).click();
  await type(page, "n1", "GET order:1", "(nil)");
  await expect(count(page)).toHaveText("0 of 6");
});

test("a forbidden command ends the attempt; a new start repairs it, and so does going back", async ({ page }) => {
  await open(page);
  await type(page, "n1", "DEL order:1", "(integer) 0");
  await expect(page.locator(".ended")).toContainText("Or go back in time");
  await page.locator(".ended button").click();
  await expect(page.locator(".ended")).toBeHidden();
  await expect(log(page, "n1").locator(".cmd.untrue")).toHaveCount(1);
  await type(page, "n1", "FLUSHALL", "OK");
  await expect(page.locator(".ended")).toContainText("FLUSHALL");
  await seek(page, 0);
  await expect(page.locator(".ended")).toBeHidden();
});

test("a thin link makes a replica fall behind; the lesson's own clients are at work", async ({ page }) => {
  await open(page, "lag-and-stale-reads");
  const replication = page.getByRole("group", { name: "Replication", exact: true });
  await expect(replication.locator(".sum")).toContainText("behind n1", OPENS);
  await type(page, "n1", "INFO replication", "repl_backlog_histlen");
  await expect(goal(page, 1)).toHaveClass("met");
  await page.getByRole("link", { name: "Previous lesson" }).click();
  await expect(terminal(page, "n3").locator("input")).toBeVisible(OPENS);
  await page.getByRole("link", { name: "Sandbox" }).click();
  await expect(page.locator("redlab-terminal")).toHaveCount(1);
  await expect(page.locator("redlab-views")).toBeVisible();
});

test("fits a phone", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await open(page);
  const over = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(await over()).toBe(0);
  await noViolations(page);
  await page.locator("#tabs").getByRole("button", { name: "n2", exact: true }).click();
  await expect(terminal(page, "n2").locator("input")).toBeVisible();
  expect(await over()).toBe(0);
});
