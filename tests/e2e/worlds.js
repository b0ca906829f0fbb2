// What tests of worlds of several nodes have in common: where things stand in the page, and what is done to them.
import { expect } from "@playwright/test";

/** A world of several nodes takes the engine's later part first, and a busy machine a while for it. */
export const OPENS = { timeout: 20_000 };

/** @param {import("@playwright/test").Page} page @param {string} host */
export const terminal = (page, host) => page.locator(`.pane:has(> header h2:text-is("${host}")) redlab-terminal`);

/** @param {import("@playwright/test").Page} page @param {string} host */
export const log = (page, host) => terminal(page, host).locator(".log");

/** @param {import("@playwright/test").Page} page */
export const deck = (page) => page.locator(".estate-time");

/** What can be done to what was chosen. @param {import("@playwright/test").Page} page */
export const faults = (page) => page.getByRole("region", { name: "What was chosen" });

/** @param {import("@playwright/test").Page} page @param {string} words */
export const press = (page, words) => deck(page).getByRole("button", { name: words, exact: true }).click();

/** Stops time; what the page shows after that is where it stopped. @param {import("@playwright/test").Page} page */
export async function pause(page) {
  await press(page, "Pause");
  await expect(deck(page).getByRole("button", { name: "Play", exact: true })).toBeVisible();
}

/** @param {import("@playwright/test").Page} page @param {string} host @param {string} line */
export async function enter(page, host, line) {
  const input = terminal(page, host).locator("input");
  await input.fill(line);
  await input.press("Enter");
}

/** Chooses a machine or a link, and does something to it. @param {import("@playwright/test").Page} page @param {RegExp} what @param {string} deed */
export async function breaks(page, what, deed) {
  await page.getByRole("button", { name: what }).first().dispatchEvent("click");
  await faults(page).getByRole("button", { name: deed, exact: true }).click();
}

/** Goes to a moment of the timeline, in ms. @param {import("@playwright/test").Page} page @param {number} ms */
export const seek = (page, ms) =>
  deck(page)
    .getByLabel("Moment")
    .evaluate((el, at) => {
      /** @type {any} */ (el).value = String(at);
      el.dispatchEvent(new Event("input"));
    }, ms);
