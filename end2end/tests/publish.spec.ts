// From what is live to the next version: begun, kept back by what is missing, published with a reason,
// compared, brought back.

import type { Page } from "@playwright/test";

import { expectAccessible } from "../axe.ts";
import { expect, test } from "../fixtures.ts";

const flows = (slug: string) => `/m/${slug}/flows`;

async function begin(page: Page, name: string) {
  await page.getByRole("link", { name, exact: true }).first().click();
  await page.getByRole("button", { name: "Change it" }).click();
  await expect(page).toHaveURL(/\/draft$/);
}

test("the next version goes live with a reason, and the one before comes back", async ({ page, meshline, signIn, visit }) => {
  const home = flows(meshline.merchant().slug);
  await signIn(page, meshline.userWith("engineering").email);
  await visit(page, home);
  await begin(page, "Promotion go-live");
  await page.goto(page.url().replace(/\/draft$/, "/readiness"));
  await expect(page.getByRole("heading", { level: 1 })).toContainText("ready to publish");
  await expectAccessible(page);

  await page.getByRole("link", { name: "Publish…" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Publish Promotion go-live as version");
  await expect(page.getByText("From then on every new run starts on version")).toBeVisible();
  await page.getByLabel("Why?").fill("no");
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await expect(page.getByText("Say in a sentence why")).toBeVisible();
  await expect(page.getByLabel("Why?")).toHaveValue("no");
  await expectAccessible(page);
  await page.getByLabel("Why?").fill("Nothing else, to see it go");
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await expect(page.locator(".flash")).toContainText("is live");
  const versions = page.locator("#versions");
  await expect(versions).toContainText("Nothing else, to see it go");

  await page.getByRole("link", { name: "Compare", exact: true }).first().click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("say the same");
  await expectAccessible(page);
  await page.goBack();

  await versions.getByRole("link", { name: "Version 1", exact: true }).click();
  await page.getByRole("button", { name: "Bring version 1 back" }).click();
  await expect(page.locator(".flash")).toContainText("Back to version 1");
});

test("a broken document is told everything and changes nothing", async ({ page, meshline, signIn, visit }) => {
  const home = flows(meshline.merchant().slug);
  await signIn(page, meshline.userWith("engineering").email);
  await visit(page, `${home}/import`);
  const broken = JSON.stringify({ format: "meshline.flow/1", key: "mine", name: "Mine", surprise: 1, trigger: { on: "moon" }, start: [], steps: [] });
  await page.getByLabel("The document").fill(broken);
  await page.getByRole("button", { name: "Look at it, and make a draft" }).click();
  const faults = page.locator("#faults");
  await expect(faults).toContainText("/surprise");
  await expect(faults).toContainText("/trigger/on");
  await expect(faults).toContainText("/outcome");
  await expect(page.getByLabel("The document")).toHaveValue(broken);
  await expectAccessible(page);
  await visit(page, home);
  await expect(page.getByRole("link", { name: "Mine", exact: true })).toHaveCount(0);
});

test("a second person finds it in their queue, and agrees", async ({ page, meshline, signIn, visit }) => {
  const slug = meshline.merchant().slug;
  await signIn(page, meshline.userWith("revenue_ops").email);
  await visit(page, `/m/${slug}/settings`);
  await page.getByLabel("A flow is published by two people").check();
  await page.getByRole("button", { name: "Save how flows are published" }).click();
  await visit(page, flows(slug));
  await begin(page, "Restock");
  await page.goto(page.url().replace(/\/draft$/, "/publish"));
  await page.getByLabel("Why?").fill("So that two have looked");
  await page.getByRole("button", { name: "Ask a second person" }).click();
  // it is not the asker's move
  await visit(page, "/");
  await expect(page.getByRole("link", { name: "Publish: Restock" })).toHaveCount(0);

  await page.context().clearCookies();
  await signIn(page, meshline.userWith("engineering").email);
  await visit(page, "/");
  const row = page.locator("[data-row]").filter({ hasText: "Publish: Restock" });
  await expect(row).toContainText("So that two have looked");
  await expectAccessible(page);
  await row.getByRole("link", { name: "Review" }).click();
  await page.getByRole("button", { name: "Agree and publish" }).click();
  await expect(page.locator(".flash")).toContainText("is live");
  await visit(page, "/");
  await expect(page.getByRole("link", { name: "Publish: Restock" })).toHaveCount(0);
});
