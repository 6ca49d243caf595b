// The trail: filtered, verified, and taken out to be checked elsewhere.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { exported } from "../chain.ts";
import { expect, test } from "../fixtures.ts";
import { order } from "../shopify.ts";

test("the chain is verified on the page and outside of it", async ({ page, meshline, send, signIn, visit }) => {
  const { receipt } = await send("orders/create", order());
  await exported(meshline, receipt.receipt_id, "completed");
  await signIn(page, meshline.userWith("auditor").email);
  await visit(page, `/m/${meshline.merchant().slug}/audit`);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("entries on record");
  await expect(page.getByRole("row").filter({ hasText: "Export completed" }).first()).toBeVisible();
  await page.getByRole("link", { name: "Verify the chain" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Chain verified up to #");

  const href = await page.locator('main a[href^="/api/"]').getAttribute("href");
  const trail = await page.context().request.get(href ?? "");
  expect(trail.ok()).toBe(true);
  const file = join(meshline.folder, "trail.jsonl");
  writeFileSync(file, await trail.body());
  expect(await meshline.command("audit", "verify", file)).toContain("intact");
});

test("the trail is filtered by who did it", async ({ page, meshline, send, signIn, visit }) => {
  await send("orders/create", order());
  await signIn(page, meshline.userWith("auditor").email);
  await visit(page, `/m/${meshline.merchant().slug}/audit`);
  await page.getByLabel("Who").selectOption({ label: "Meshline" });
  await page.getByRole("button", { name: "Filter" }).click();
  await expect(page).toHaveURL(/actor=system/);
  const rows = page.locator("tbody tr");
  await expect(rows.first()).toBeVisible();
  for (const who of await rows.locator("td:nth-child(3)").allInnerTexts()) expect(who).toBe("Meshline");
});
