// The ledger: where acknowledged writes are; after a power cut and after a failover which are gone, and why.
import { expect, test } from "@playwright/test";
import { noViolations } from "./axe.js";
import { breaks, deck, enter, log, OPENS, terminal } from "./worlds.js";

// A world of several nodes takes the engine's later part first, and a busy machine a while for it.
test.setTimeout(60_000);

const ledger = (page) => page.getByRole("group", { name: "Ledger", exact: true });
const entry = (page, words) => ledger(page).locator("li", { has: page.locator(`code:text-is("${words}")`) });

/** Types lines, and waits for the answer to each. @param {import("@playwright/test").Page} page @param {string} host @param {string[]} lines */
async function type(page, host, ...lines) {
  for (const line of lines) {
    const before = await log(page, host).locator(".rep").count();
    await enter(page, host, line);
    await expect(log(page, host).locator(".rep")).toHaveCount(before + 1);
  }
}

/** @param {import("@playwright/test").Page} page @param {string} id */
async function open(page, id) {
  await page.goto(`./?estate=${id}`);
  await expect(terminal(page, "n1").locator("input")).toBeVisible(OPENS);
}

test("a power cut under everysec: what was in the page cache alone is gone", async ({ page }) => {
  await open(page, "one");
  await type(page, "n1", "SET first 1");
  await expect(entry(page, "SET first 1").locator(".state")).toHaveText("safe");
  // An fsync a second: with time slowed down there is enough of it to cut the power in between.
  await deck(page).getByLabel("Speed").fill("0");
  await type(page, "n1", "SET second 1", "SET third 1");
  await expect(entry(page, "SET third 1").locator(".state")).toHaveText("at risk");
  await expect(entry(page, "SET third 1")).toContainText("n1 alone has it, in memory and page cache.");
  await breaks(page, /^n1 primary/, "Cut the power");
  await expect(entry(page, "SET third 1").locator(".state")).toHaveText("gone");
  await expect(entry(page, "SET third 1")).toContainText(
    "n1 lost its power: it was in the page cache, not on the platter.",
  );
  await expect(entry(page, "SET first 1").locator(".state")).toHaveText("safe");
  await expect(ledger(page).locator(".sum")).toContainText("gone");
  // The line that wrote it says so as well, and is found from here.
  await expect(log(page, "n1").locator(".tag").last()).toContainText("gone: n1 lost its power");
  await ledger(page).locator("xpath=..").getByRole("button", { name: "Lost", exact: true }).click();
  await expect(entry(page, "SET first 1")).toHaveCount(0);
  await entry(page, "SET third 1").getByRole("button", { name: "terminal of n1" }).click();
  await expect(log(page, "n1").locator(".cmd.lit")).toContainText("SET third 1");
  await noViolations(page);
});

test("a failover to a replica that was cut off loses what it had not got", async ({ page }) => {
  await open(page, "primary-replicas");
  await deck(page).getByLabel("Speed").fill("6");
  await type(page, "n1", "SET both 1");
  await expect(entry(page, "SET both 1").locator(".state")).toHaveText("safe");
  await breaks(page, /^n3 replica/, "Cut it off");
  await type(page, "n1", "SET lost 1");
  await type(page, "n3", "REPLICAOF NO ONE");
  await expect(entry(page, "SET lost 1").locator(".state")).toHaveText("left behind");
  await expect(entry(page, "SET lost 1")).toContainText("n3 is a primary without it");
  await expect(log(page, "n1").locator(".tag")).toContainText("left behind: n3 is a primary without it");
  await page.getByRole("region", { name: "What was chosen" }).getByRole("button", { name: "Heal all links" }).click();
  await type(page, "n1", "REPLICAOF n3 6379");
  await expect(entry(page, "SET lost 1").locator(".state")).toHaveText("gone", { timeout: 30_000 });
  await expect(entry(page, "SET lost 1")).toContainText(/in place of its own/);
  await expect(log(page, "n1").locator(".tag")).toContainText("gone: ");
  await type(page, "n3", "GET lost");
  await expect(log(page, "n3")).toContainText("(nil)");
  // Before all that nothing was lost.
  await deck(page).getByRole("button", { name: "Pause", exact: true }).click();
  await deck(page)
    .getByLabel("Moment")
    .evaluate((el) => {
      /** @type {any} */ (el).value = "1";
      el.dispatchEvent(new Event("input"));
    });
  await expect(log(page, "n1").locator(".tag")).toHaveCount(0);
  await expect(entry(page, "SET lost 1")).toHaveCount(0);
});

test("is read in the dark, on a phone, and by keyboard", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await open(page, "primary-replicas");
  await type(page, "n1", "SET a 1", "SET b 1");
  await page.locator("#tabs").getByRole("button", { name: "Ledger" }).click();
  await expect(ledger(page).locator("li").nth(1)).toBeVisible();
  await deck(page).getByRole("button", { name: "Pause", exact: true }).click();
  const over = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(await over()).toBe(0);
  await noViolations(page);
  await page.emulateMedia({ colorScheme: "dark" });
  await noViolations(page);
  const lost = page.getByRole("group", { name: "Writes shown" }).getByRole("button", { name: "Lost" });
  await lost.focus();
  await page.keyboard.press("Enter");
  await expect(lost).toHaveAttribute("aria-pressed", "true");
  await expect(ledger(page)).toContainText("Nothing that was acknowledged is lost.");
});
