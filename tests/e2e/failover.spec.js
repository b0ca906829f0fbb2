// A failover from the kill to the recovery: the lanes, the words, the clients that follow, and going back to a mark.
import { expect, test } from "@playwright/test";
import { noViolations } from "./axe.js";
import { breaks, deck, enter, log, OPENS, pause, terminal } from "./worlds.js";

test.setTimeout(120_000);

const lanes = (page) => page.getByRole("group", { name: "Failover", exact: true });
const mark = (page, name) => lanes(page).locator(`.event[aria-label*="${name} "]`).first();
const LONG = { timeout: 60_000 };

test("sentinels promote a replica, clients follow, and the old primary comes back as a replica", async ({ page }) => {
  await page.goto("./?estate=sentinel");
  await expect(terminal(page, "s1").locator("input")).toBeVisible(OPENS);
  await expect(lanes(page).locator(".sum")).toHaveText(
    "mymaster is n1, and answers. 3 sentinels of 3 watch it; quorum 2, majority 2.",
  );
  await enter(page, "s1", "SENTINEL get-master-addr-by-name mymaster");
  await expect(log(page, "s1")).toContainText("10.0.0.1");
  await deck(page).getByLabel("Speed").fill("7");
  await lanes(page).locator("xpath=..").getByLabel("How much of the past is shown").selectOption("300");
  await breaks(page, /^n1 primary/, "Kill the server");
  for (const name of ["+sdown", "+odown", "+vote-for-leader", "+elected-leader", "+promoted-slave", "+switch-master"])
    await expect(mark(page, name)).toBeAttached(LONG);
  await expect(lanes(page).locator(".sum")).toContainText(/^mymaster is n[23]/, LONG);
  // The clients have asked, and work with the new primary.
  await expect(page.locator(".loads li")).toContainText(/shop → n[23]: .* to another primary/, LONG);
  await breaks(page, /^n1/, "Start");
  await expect(mark(page, "+convert-to-slave")).toBeAttached(LONG);
  await expect(page.getByRole("button", { name: /^n1 replica/ })).toBeAttached(LONG);
  await pause(page);
  await noViolations(page);
  // A mark leads to its moment: the server has been killed then, and nobody knows.
  await mark(page, "+odown").dispatchEvent("click");
  await expect(lanes(page).locator(".sum")).toContainText("mymaster is n1");
  await lanes(page).locator("xpath=..").getByRole("button", { name: "Table" }).click();
  const table = lanes(page).getByRole("table", { name: "What sentinels said" });
  await expect(table).toContainText("+sdown");
  await expect(table).not.toContainText("+switch-master");
});

test("lanes are walked by keyboard, and say what each mark means", async ({ page }) => {
  await page.goto("./?estate=sentinel");
  await expect(terminal(page, "s1").locator("input")).toBeVisible(OPENS);
  await enter(page, "s1", "SENTINEL FAILOVER mymaster");
  await expect(mark(page, "+switch-master")).toBeAttached(LONG);
  await pause(page);
  await lanes(page).locator('.event[tabindex="0"]').focus();
  await page.keyboard.press("Home");
  await expect(lanes(page).locator(".foot").first()).not.toBeEmpty();
  await page.keyboard.press("End");
  await expect(lanes(page).locator(".event:focus")).toHaveCount(1);
});
