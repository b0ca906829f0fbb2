// What a session is besides one command after another: transactions, messages, MONITOR, commands that wait.
import { expect, test } from "@playwright/test";

/** The session of that number, from 0. @param {import("@playwright/test").Page} page */
const session = (page, number = 0) => page.locator("redlab-terminal").nth(number);
const log = (page, number = 0) => session(page, number).locator(".log");
const prompt = (page, number = 0) => session(page, number).locator(".ask .ps");
const replies = (page, number = 0) => log(page, number).locator(".rep");

/** @param {import("@playwright/test").Page} page @param {number} number @param {string[]} lines */
async function type(page, number, ...lines) {
  const input = session(page, number).locator("input");
  for (const line of lines) {
    await input.fill(line);
    await input.press("Enter");
  }
}

test.beforeEach(async ({ page }) => {
  await page.goto("./");
  await expect(session(page)).toBeVisible();
});

/** A second session beside the first. @param {import("@playwright/test").Page} page */
async function second(page) {
  await page.getByRole("button", { name: "Open another session" }).click();
  await expect(prompt(page, 1)).toHaveText("n1:6379>");
}

test("MULTI shows in the prompt until EXEC or DISCARD", async ({ page }) => {
  await type(page, 0, "MULTI");
  await expect(prompt(page)).toHaveText("n1:6379(TX)>");
  await type(page, 0, "INCR a", "INCR a");
  await expect(replies(page).last()).toHaveText("QUEUED");
  await type(page, 0, "EXEC");
  await expect(log(page)).toContainText("2) (integer) 2");
  await expect(prompt(page)).toHaveText("n1:6379>");
  await type(page, 0, "MULTI", "NOSUCH", "EXEC");
  await expect(replies(page).last()).toContainText("EXECABORT");
  await expect(prompt(page)).toHaveText("n1:6379>");
  await type(page, 0, "SELECT 1", "MULTI", "SELECT 2", "DISCARD");
  await expect(prompt(page)).toHaveText("n1:6379[1]>");
});

test("another session's write breaks a watched transaction", async ({ page }) => {
  await second(page);
  await type(page, 0, "WATCH stock", "MULTI", "SET stock 9");
  await expect(prompt(page)).toHaveText("n1:6379(TX)>");
  await type(page, 1, "SET stock 5");
  await expect(replies(page, 1).last()).toHaveText("OK");
  await type(page, 0, "EXEC");
  await expect(replies(page).last()).toHaveText("(nil)");
  await type(page, 0, "GET stock");
  await expect(replies(page).last()).toHaveText('"5"');
});

test("a subscriber waits for messages, and Ctrl-C ends it", async ({ page }) => {
  await second(page);
  await type(page, 0, "SUBSCRIBE news");
  await expect(session(page)).toContainText("Reading messages...");
  await expect(prompt(page)).toContainText("(subscribed mode)");
  await type(page, 1, "PUBLISH news hello", "PUBLISH other lost");
  await expect(replies(page, 1)).toHaveText(["(integer) 1", "(integer) 0"]);
  await expect(log(page)).toContainText('3) "hello"');
  await expect(log(page)).not.toContainText("lost");
  await type(page, 0, "GET k");
  await expect(replies(page).last()).toContainText("only (P|S)SUBSCRIBE");
  await type(page, 0, "PSUBSCRIBE o*");
  await expect(log(page)).toContainText('1) "psubscribe"');
  await type(page, 1, "PUBLISH other found");
  await expect(log(page)).toContainText('4) "found"');
  await session(page).locator("input").press("Control+c");
  await expect(prompt(page)).toHaveText("n1:6379>");
  await type(page, 1, "PUBLISH news gone");
  await expect(replies(page, 1).last()).toHaveText("(integer) 0");
  await type(page, 0, "PING");
  await expect(replies(page).last()).toHaveText("PONG");
});

test("a subscriber of RESP3 may run commands between its messages", async ({ page }) => {
  await second(page);
  await type(page, 0, "HELLO 3", "SUBSCRIBE news", "INCR visits");
  await expect(log(page)).toContainText("(integer) 1");
  await type(page, 1, "PUBLISH news hello");
  await expect(log(page)).toContainText('3) "hello"');
  await type(page, 0, "UNSUBSCRIBE news");
  await expect(prompt(page)).toHaveText("n1:6379>");
});

test("MONITOR shows what others do, until Ctrl-C", async ({ page }) => {
  await second(page);
  await type(page, 0, "MONITOR");
  await expect(replies(page)).toHaveText(["OK"]);
  await type(page, 1, "SET k v", "AUTH secret", "GET k");
  await expect(log(page)).toContainText(/\d+\.\d{6} \[0 127\.0\.0\.1:\d+\] "SET" "k" "v"/);
  await expect(log(page)).toContainText('"GET" "k"');
  await expect(log(page)).not.toContainText("secret");
  await session(page).locator("input").press("Control+c");
  await expect(log(page)).toContainText("^C");
  await type(page, 1, "SET later 1");
  await expect(replies(page, 1).last()).toHaveText("OK");
  await type(page, 0, "PING");
  await expect(replies(page).last()).toHaveText("PONG");
  await expect(log(page)).not.toContainText("later");
});

test("a command that waits is served by another session's push", async ({ page }) => {
  await second(page);
  await type(page, 0, "BLPOP jobs 0");
  await type(page, 1, "PING");
  await expect(replies(page, 1)).toHaveText(["PONG"]);
  await type(page, 1, "CLIENT LIST");
  await expect(log(page, 1)).toContainText("cmd=blpop");
  await type(page, 1, "RPUSH jobs mail");
  await expect(replies(page)).toHaveText(['1) "jobs"', '2) "mail"']);
  await type(page, 1, "LLEN jobs");
  await expect(replies(page, 1).last()).toHaveText("(integer) 0");
});

test("a command that waits ends by Ctrl-C, and takes nothing after that", async ({ page }) => {
  await second(page);
  await type(page, 0, "BLPOP jobs 0");
  await expect(session(page).getByRole("button", { name: "Stop Ctrl-C" })).toBeVisible();
  await session(page).locator("input").press("Control+c");
  await expect(log(page)).toContainText("^C");
  await type(page, 1, "RPUSH jobs mail", "LLEN jobs");
  await expect(replies(page, 1)).toHaveText(["(integer) 1", "(integer) 1"]);
  await type(page, 0, "LPOP jobs");
  await expect(replies(page).last()).toHaveText('"mail"');
});

test("a command that waits ends by its own time, or by CLIENT UNBLOCK", async ({ page }) => {
  await second(page);
  await type(page, 0, "BLPOP jobs 0.2");
  await expect(replies(page).first()).toHaveText(/^\(nil\)/);
  await type(page, 0, "CLIENT ID");
  await expect(replies(page).last()).toContainText("(integer)");
  const id = /\d+/.exec((await replies(page).last().textContent()) ?? "")?.[0];
  await type(page, 0, "XREAD BLOCK 0 STREAMS s $");
  await expect(session(page).getByRole("button", { name: "Stop Ctrl-C" })).toBeVisible();
  await type(page, 1, `CLIENT UNBLOCK ${id} ERROR`);
  await expect(replies(page).last()).toContainText("UNBLOCKED");
});

test("invalidations of cached keys are told", async ({ page }) => {
  await second(page);
  await type(page, 0, "HELLO 3", "CLIENT TRACKING ON", "GET price");
  await expect(replies(page).last()).toHaveText("(nil)");
  await type(page, 1, "SET price 5");
  await expect(log(page)).toContainText("-> invalidate: 'price'");
});

test("the event loop shows who waits, and who holds up the rest", async ({ page }) => {
  test.setTimeout(40_000);
  const view = page.locator("redlab-views .view").nth(2);
  await expect(view.locator(".meta")).toContainText("1 client · free");
  await page.getByRole("button", { name: "Show Event loop" }).click();
  await second(page);
  await type(page, 1, "BLPOP jobs 0");
  await expect(view.locator(".body > .sum")).toContainText(/client \d+ waits: BLPOP jobs/);
  await expect(view.locator(".meta")).toContainText("2 clients · 1 waits");
  await type(page, 0, "RPUSH jobs a");
  await expect(view.locator(".body > .sum")).toContainText("nobody waits");
  await expect(view.locator('[data-name*="BLPOP jobs 0, same turn"]')).toHaveCount(1);
  await type(page, 0, "DEBUG SLEEP 6");
  await type(page, 1, "PING");
  await expect(view.locator(".body > .sum")).toContainText(/DEBUG SLEEP 6 of client \d+ holds up everybody until 00:/);
  await expect(view.locator(".meta")).toContainText("1 command of 1 client held up");
  await view.getByRole("button", { name: "Table" }).click();
  await expect(view.locator("table").first()).toContainText("is not read");
  await expect(view.locator(".meta")).toContainText("free", { timeout: 15_000 });
  await expect(view.locator("table").nth(1)).toContainText("DEBUG SLEEP 66.00 s");
  await page.getByRole("button", { name: "Fold Event loop" }).click();
  await expect(view.locator(".body")).toBeHidden();
});
