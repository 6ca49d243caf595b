// Connecting a storefront: an address, a secret that is seen once, and an event to try it.

import { createHmac, randomUUID } from "node:crypto";

import type { Page } from "@playwright/test";

import { expectAccessible } from "../axe.ts";
import { expect, test } from "../fixtures.ts";
import { order } from "../shopify.ts";

/** What stands beside its copy button. */
const copied = async (page: Page, what: string) =>
  (await page.locator(`[aria-label="Copy ${what}"]`).getAttribute("data-copy")) ?? "";

async function deliver(address: string, secret: string): Promise<number> {
  const body = JSON.stringify(order());
  const answer = await fetch(address, {
    method: "POST",
    headers: {
      "x-shopify-topic": "orders/create",
      "x-shopify-hmac-sha256": createHmac("sha256", secret).update(body).digest("base64"),
      "x-shopify-shop-domain": "tests.myshopify.com",
      "x-shopify-api-version": "2025-10",
      "x-shopify-webhook-id": randomUUID(),
    },
    body,
  });
  return answer.status;
}

test("a secret is shown once, works, and is gone after a reload", async ({ page, meshline, signIn, visit, javaScript }) => {
  const home = `/m/${meshline.merchant().slug}/connections`;
  await signIn(page, meshline.userWith("engineering").email);
  await visit(page, home);
  await page.getByRole("link", { name: "Connect a storefront" }).click();
  await page.getByLabel("Name").fill(`Outlet ${javaScript ? "one" : "two"}`);
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await expect(page.getByRole("heading", { name: "The secret, this once" })).toBeVisible();
  const [address, secret] = [await copied(page, "address"), await copied(page, "secret")];
  expect(secret.length).toBeGreaterThanOrEqual(32);
  expect(await deliver(address, secret)).toBe(200);
  await expectAccessible(page);

  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Outlet");
  expect(await page.content()).not.toContain(secret);
  await page.goBack();
  expect(await page.content()).not.toContain(secret);
  await visit(page, home);
  expect(await page.content()).not.toContain(secret);

  // a new one takes its place, the old one is good for a while
  await page.getByRole("link", { name: new RegExp(`Outlet ${javaScript ? "one" : "two"}`) }).first().click();
  await page.getByRole("button", { name: "Rotate the secret" }).click();
  await page.getByRole("button", { name: "Rotate", exact: true }).click();
  await expect(page.getByRole("heading", { name: "The secret, this once" })).toBeVisible();
  const fresh = await copied(page, "secret");
  expect(fresh).not.toBe(secret);
  expect(await deliver(address, fresh)).toBe(200);
  expect(await deliver(address, secret)).toBe(200);
  expect(await deliver(address, `${secret}x`)).toBe(401);
});

test("a test event is seen to arrive", async ({ page, meshline, signIn, visit, javaScript }) => {
  await signIn(page, meshline.userWith("engineering").email);
  await visit(page, `/m/${meshline.merchant("kitewood").slug}/connections`);
  await page.getByRole("link", { name: /Kitewood on Shopify/ }).first().click();
  await page.getByRole("button", { name: "Send a test event" }).click();
  await expect(page).toHaveURL(/test=/);
  // a region under the pointer holds still
  await page.mouse.move(0, 0);
  const trial = page.getByRole("region", { name: "Test event" });
  if (!javaScript) {
    // without a script, a link looks again
    await expect(async () => {
      const again = trial.getByRole("link", { name: "Look again" });
      if (await again.count()) await again.click();
      await expect(trial).toContainText("a flow works on it", { timeout: 500 });
    }).toPass();
  }
  await expect(trial).toContainText("The test event arrived, and a flow works on it");
  const thread = page.getByRole("list", { name: "The life of the test event" });
  await expect(thread.getByRole("link", { name: /^Waiting: Approval/ })).toBeVisible();
});

test("who may not manage connections is not offered it", async ({ page, meshline, signIn, visit }) => {
  await signIn(page, meshline.userWith("viewer").email);
  const home = `/m/${meshline.merchant().slug}/connections`;
  await visit(page, home);
  await expect(page.getByRole("link", { name: "Connect a storefront" })).toHaveCount(0);
  const answer = await page.goto(`${home}/new`);
  expect(answer?.status()).toBe(403);
});
