// The contract studio: what is checked and who approves is drawn in forms, refused at its field, and published.

import type { Page } from "@playwright/test";

import { expectAccessible } from "../axe.ts";
import { expect, test } from "../fixtures.ts";

// other specs have flows and contracts published by two people
test.use({ installation: "studio" });

const field = (page: Page, name: string) => page.locator(`[name="f[${name}]"]`);

async function section(page: Page, title: string) {
  await page.locator("main").getByRole("link", { name: new RegExp(`^${title}`) }).first().click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText(title.toLowerCase());
}

/** Opens the details around a field where they are closed. */
async function unfold(page: Page, name: string) {
  const details = field(page, name).locator("xpath=ancestor::details[1]");
  if ((await details.getAttribute("open")) === null) await details.locator("summary").first().click();
}

const save = (page: Page) => page.getByRole("button", { name: "Save", exact: true }).click();

test("who approves and what is checked is drawn in forms, and published", async ({ page, meshline, signIn, visit }) => {
  await signIn(page, meshline.userWith("engineering").email);
  await visit(page, `/m/${meshline.merchant().slug}/contracts`);
  await page.getByRole("link", { name: "Price update", exact: true }).first().click();
  await expect(page.locator("#checks")).toContainText("Always: the schema");
  await page.getByRole("button", { name: "Draw the next version" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("ready to be published");
  await expectAccessible(page);

  await section(page, "Approvals");
  await field(page, "rule.0.when").selectOption("discount_over");
  await field(page, "rule.0.limit").fill("a lot");
  await unfold(page, "rule.0.step.0.owner");
  await field(page, "rule.0.step.0.owner").selectOption("agency:finance");
  await field(page, "rule.0.step.0.backup").selectOption("agency:operations");
  await field(page, "rule.0.step.0.accept").fill("45 min");
  await field(page, "slack").selectOption("no");
  await save(page);
  await expect(page.getByText("Write a whole number of percent, from 0 to 99.")).toBeVisible();
  await expect(field(page, "rule.0.limit")).toHaveValue("a lot");
  await expect(field(page, "rule.0.step.0.owner")).toHaveValue("agency:finance");
  await expectAccessible(page);
  await field(page, "rule.0.limit").fill("20 %");
  await save(page);
  await expect(page.locator(".flash")).toContainText("Saved.");
  await expect(field(page, "rule.0.limit")).toHaveValue("20");
  await expect(field(page, "slack")).toHaveValue("no");
  await expect(field(page, "mail")).toHaveValue("yes");

  await section(page, "Checks and freshness");
  await field(page, "gate.0.rule").selectOption("sku_known");
  await field(page, "gate.0.at").fill("skus");
  await field(page, "fresh.0.field").fill("stock");
  await field(page, "fresh.0.age").fill("15 min");
  await save(page);
  await expect(page.getByText("Write a JSON Pointer, such as /skus/* or /lines/*/sku.")).toBeVisible();
  await expect(field(page, "fresh.0.age")).toHaveValue("15 min");
  await expectAccessible(page);
  await field(page, "gate.0.at").fill("/nothing/*");
  await save(page);
  await expect(page.locator(".flash")).toContainText("Saved.");

  // what the schema does not know keeps it from being published, with a link to the field
  await page.getByRole("link", { name: "Back to the draft" }).first().click();
  await page.getByRole("link", { name: /The schema does not know "nothing"/ }).click();
  await field(page, "gate.0.at").fill("/skus/*");
  await save(page);
  await page.getByRole("link", { name: "Back to the draft" }).first().click();
  await page.getByLabel("Why?").fill("Finance looks at deep cuts");
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await expect(page.locator(".flash")).toContainText("is live");
  await expect(page.locator("#checks")).toContainText("Each SKU at /skus/* is in the catalogue");
  await expect(page.locator("#checks")).toContainText("What it says of stock is at most 15 min old");
  const main = page.locator("main");
  await expect(main).toContainText("More than 20 % off");
  await expect(main).toContainText("Finance within 45 min, else Operations as well");
  await expectAccessible(page);
});

test("a rule and a check are taken out again", async ({ page, meshline, signIn, visit }) => {
  await signIn(page, meshline.userWith("engineering").email);
  await visit(page, `/m/${meshline.merchant().slug}/contracts`);
  await page.getByRole("link", { name: "Promotion activation", exact: true }).first().click();
  await expect(page.locator("#checks")).toContainText("Of each SKU at /skus/* there are at least 1");
  await page.getByRole("button", { name: "Draw the next version" }).click();
  await section(page, "Checks and freshness");
  await field(page, "gate.0.remove").check();
  await save(page);
  await expect(page.locator(".flash")).toContainText("Saved.");
  await expect(field(page, "gate.0.rule")).toHaveValue("only_one");
  await section(page, "Approvals");
  await expect(field(page, "rule.0.when")).toHaveValue("always");
  await field(page, "rule.0.remove").check();
  await save(page);
  await expect(field(page, "rule.0.when")).toHaveValue("");
  await page.getByRole("link", { name: "Back to the draft" }).first().click();
  await page.getByRole("button", { name: "Throw the draft away" }).click();
  await expect(page.locator(".flash")).toContainText("The draft is gone");
});
