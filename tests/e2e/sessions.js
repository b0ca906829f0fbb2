// Terminals of the lab by their number, from 0, and what is typed and read there.

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
