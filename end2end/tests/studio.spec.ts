// The contract studio: what is checked, who approves and where it goes is drawn in forms, refused at its field, and published.

import type { Page } from "@playwright/test";

import { expectAccessible } from "../axe.ts";
import { expect, test } from "../fixtures.ts";
import { order } from "../shopify.ts";

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

test("a route says where else it goes, and the export says why it went there", async ({ page, meshline, send, signIn, visit }) => {
  test.setTimeout(360_000);
  // a merchant whose contracts no other spec counts on
  const merchant = "kitewood";
  const home = `/m/${merchant}`;
  const admin = meshline.demo.users.find((user) => user.access === "admin" && user.merchants.includes(merchant));
  await signIn(page, admin?.email);
  await visit(page, `${home}/contracts`);
  await page.getByRole("link", { name: "Fulfillment request", exact: true }).first().click();
  await expect(page.locator("#destinations")).toHaveCount(0);
  await page.getByRole("button", { name: "Draw the next version" }).click();

  await section(page, "Delivery and retry");
  await field(page, "route.0.at").fill("ship_to/country_code");
  await field(page, "route.0.when").selectOption("is_one_of");
  await field(page, "route.0.value").fill("NZ, FJ");
  await save(page);
  await expect(page.getByText("Write a JSON Pointer, such as /skus/* or /lines/*/sku.")).toBeVisible();
  await expect(page.getByText("Choose where it goes.")).toBeVisible();
  await expect(field(page, "route.0.value")).toHaveValue("NZ, FJ");
  await expect(field(page, "route.0.when")).toHaveValue("is_one_of");
  await expectAccessible(page);
  await field(page, "route.0.at").fill("/ship_to/country_code");
  await field(page, "route.0.destination").selectOption("storefront");
  await field(page, "route.1.at").fill("/nowhere");
  await field(page, "route.1.when").selectOption("amount_over");
  await field(page, "route.1.value").fill("a lot");
  await field(page, "route.1.destination").selectOption("storefront");
  await save(page);
  await expect(page.getByText("Write an amount with its currency, as in 500.00 USD.")).toBeVisible();
  await expect(field(page, "route.1.value")).toHaveValue("a lot");
  await field(page, "route.1.value").fill("500.00 USD");
  await save(page);
  await expect(page.locator(".flash")).toContainText("Saved.");
  await expect(field(page, "route.1.value")).toHaveValue("500.00 USD");

  // what the schema does not know keeps it from being published, with a link to the field
  await page.getByRole("link", { name: "Back to the draft" }).first().click();
  await page.getByRole("link", { name: /The schema does not know "\/nowhere"/ }).click();
  await expect(page).toHaveURL(/draft\/delivery#f-f\[route\.1\.at\]$/);
  await field(page, "route.1.remove").check();
  await save(page);
  await expect(page.locator(".flash")).toContainText("Saved.");
  await expect(field(page, "route.1.at")).toHaveValue("");
  await page.getByRole("link", { name: "Back to the draft" }).first().click();
  await expect(page.locator("#readiness")).toContainText("From then on other exports go by routes");
  await page.getByLabel("Why?").fill("The islands have a warehouse of their own");
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await expect(page.locator(".flash")).toContainText("is live");
  await expect(page.locator("#destinations")).toContainText("To Harbor 3PL; to Storefront when /ship_to/country_code is NZ or FJ.");
  await expectAccessible(page);

  // dear enough to wait for somebody's word
  const far = order({ lines: [{ sku: "SOFA-3-OAK", title: "Three-seat sofa, oak", quantity: 1, price: 129_000 }] });
  far.shipping_address = { ...far.shipping_address, country: "New Zealand", country_code: "NZ" };
  const { receipt } = await send("orders/create", far, { merchant });
  const made = async () => {
    const chain = await meshline.api<{ exports: { id: string; state: string }[] }>(`/receipts/${receipt.receipt_id}`, { merchant });
    return chain.exports.find((one) => one.state === "awaiting_approval")?.id ?? "";
  };
  await expect.poll(made).not.toBe("");
  await visit(page, `${home}/exports/${await made()}`);
  await expect(page.locator("#head")).toContainText("to Storefront, since /ship_to/country_code is NZ or FJ");
  await expectAccessible(page);

  // another country, another destination: the page says so before and after
  await page.getByRole("link", { name: "Override…" }).click();
  await expect(page.locator("main")).toContainText("What it says decides where it goes: to Harbor 3PL; to Storefront when");
  await page.getByLabel("ship to · country code").fill("US");
  await page.getByLabel("Why").fill("They moved back.");
  await page.getByRole("button", { name: "Sign and override" }).click();
  await expect(page.locator("#head")).toContainText("to Harbor 3PL, since no route of its contract says another; version 1 was for Storefront");
});
