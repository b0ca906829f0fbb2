// The views of a single node in a world of several: of the machine that was typed at, and of the one that is chosen.
import { expect, test } from "@playwright/test";
import { noViolations } from "./axe.js";
import { replies, type } from "./sessions.js";

test.setTimeout(40_000);

test("a key and the files of each machine", async ({ page }) => {
  await page.goto("./#estate/primary-replicas");
  await expect(page.locator("redlab-terminal input").nth(2)).toBeVisible({ timeout: 20_000 });
  await page.getByRole("button", { name: "Open One node again" }).click();
  const views = page.locator(".nodeviews");
  const chosen = page.locator("#node-views");
  await type(page, 0, "RPUSH letters a b c");
  await expect(replies(page, 0)).toHaveText("(integer) 3");
  await expect(views).toContainText("letters");
  await type(page, 1, "LRANGE letters 0 -1");
  await expect(chosen).toHaveValue("n2");
  await expect(views).toContainText("letters");
  await type(page, 0, "BGSAVE");
  await expect(chosen).toHaveValue("n1");
  await expect(views.locator('.view[aria-label="Disk"]')).toContainText("dump.rdb");
  await expect(views.locator('.view[aria-label="RDB"]')).toContainText("The checksum fits");
  await expect(views.getByRole("button", { name: ":crash" })).toHaveCount(0);
  await noViolations(page);
  await chosen.selectOption("n3");
  await expect(views.locator(".view").first()).toContainText("letters");
});
