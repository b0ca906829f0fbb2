// Terminals of the lab by their number, from 0, and what is typed and read there.
import { expect } from "@playwright/test";

/** @param {import("@playwright/test").Page} page */
export const session = (page, number = 0) => page.locator("redlab-terminal").nth(number);
/** @param {import("@playwright/test").Page} page */
export const log = (page, number = 0) => session(page, number).locator(".log");
/** @param {import("@playwright/test").Page} page */
export const replies = (page, number = 0) => log(page, number).locator(".rep");

/** @param {import("@playwright/test").Page} page @param {number} number @param {string[]} lines */
export async function type(page, number, ...lines) {
  const input = session(page, number).locator("input");
  for (const line of lines) {
    await input.fill(line);
    await input.press("Enter");
  }
}

/**
 * Types into the first terminal, and waits until each line was taken.
 * @param {import("@playwright/test").Page} page @param {string[]} lines
 */
export async function enter(page, ...lines) {
  for (const line of lines) {
    await type(page, 0, line);
    await expect(session(page).locator("input")).toHaveValue("");
  }
}

/**
 * The same, until each line stands in the log.
 * @param {import("@playwright/test").Page} page @param {string[]} lines
 */
export async function say(page, ...lines) {
  for (const line of lines) {
    await type(page, 0, line);
    await expect(page.locator("redlab-terminal .cmd").last()).toContainText(line);
  }
}

/** The parts of a view of files by its name. @param {string} name */
export function viewOf(name) {
  /** @param {import("@playwright/test").Page} page */
  const view = (page) => page.locator(`redlab-views .view[aria-label="${name}"]`);
  return {
    view,
    /** @param {import("@playwright/test").Page} page */
    sum: (page) => view(page).locator(".body > .sum"),
    /** @param {import("@playwright/test").Page} page */
    said: (page) => view(page).locator(".said"),
    /** @param {import("@playwright/test").Page} page @param {string} label */
    press: (page, label) => view(page).getByRole("button", { name: label, exact: true }).click(),
  };
}
