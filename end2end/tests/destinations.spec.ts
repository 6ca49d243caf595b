// A destination's life: added, tried, its secret exchanged, retired, and used again.

import type { Page } from "@playwright/test";

import { expectAccessible } from "../axe.ts";
import { expect, test } from "../fixtures.ts";

/** What the sandbox knows; any other signature it refuses. */
const SANDBOX_SECRET = "whsec_bWVzaGxpbmUtc2FuZGJveC1kZW1vLXNlY3JldC0zMmI=";

const copied = async (page: Page, what: string) =>
  (await page.locator(`[aria-label="Copy ${what}"]`).getAttribute("data-copy")) ?? "";

async function sound(page: Page): Promise<void> {
  for (const width of [390, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    await page.waitForLoadState();
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(over, "wider than the screen").toBeLessThanOrEqual(0);
    await expectAccessible(page);
  }
}

test("a destination is added, tried, exchanged, retired and taken back", async ({ page, meshline, signIn, visit, javaScript }) => {
  test.setTimeout(360_000);
  const home = `/m/${meshline.merchant().slug}/connections`;
  const name = `Harbor ${javaScript ? "One" : "Two"}`;
  await signIn(page, meshline.userWith("engineering").email);
  await visit(page, home);
  await page.getByRole("link", { name: "Add a destination" }).click();
  await sound(page);

  // where nobody may be called: said at the field, and the rest is kept, but never a secret
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Kind of system").fill("3pl");
  await page.getByLabel("URL").fill("https://169.254.169.254/latest");
  await page.getByLabel("Signing secret").fill(SANDBOX_SECRET);
  await page.getByRole("button", { name: "Add", exact: true }).click();
  const url = page.getByLabel("URL");
  await expect(url).toHaveAttribute("aria-invalid", "true");
  await expect(url).toHaveValue("https://169.254.169.254/latest");
  await expect(page.getByLabel("Name")).toHaveValue(name);
  expect(await page.content()).not.toContain(SANDBOX_SECRET);
  await sound(page);

  await url.fill(`${meshline.sandboxURL}/harbor`);
  await page.getByLabel("Signing secret").fill(SANDBOX_SECRET);
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText(name);
  const place = new URL(page.url()).pathname;
  await sound(page);

  await page.getByRole("button", { name: "Send a test export" }).click();
  await expect(page.getByText(new RegExp(`${name} answered 2\\d\\d`))).toBeVisible();

  // another secret: seen once, and for a day both count
  await page.getByRole("button", { name: "Rotate the secret" }).click();
  await page.getByRole("button", { name: "Rotate", exact: true }).click();
  await expect(page.getByRole("heading", { name: "The secret, this once" })).toBeVisible();
  const fresh = await copied(page, "secret");
  expect(fresh).toMatch(/^whsec_/);
  expect(fresh).not.toBe(SANDBOX_SECRET);
  await expect(page.getByText("with both secrets", { exact: true })).toBeVisible();
  await sound(page);
  await page.reload();
  expect(await page.content()).not.toContain(fresh);
  await page.getByRole("button", { name: "Send a test export" }).click();
  await expect(page.getByText(new RegExp(`${name} answered 2\\d\\d`))).toBeVisible();

  await page.getByRole("button", { name: "Retire", exact: true }).click();
  await page.getByRole("button", { name: "Retire it" }).click();
  await expect(page.getByText(`Nothing is sent to ${name} any more.`)).toBeVisible();
  await expect(page.getByRole("button", { name: "Send a test export" })).toHaveCount(0);
  await sound(page);
  await page.getByRole("button", { name: "Use it again" }).click();
  await expect(page.getByText(`${name} is in use again.`)).toBeVisible();
  await visit(page, place);
  await expect(page.getByText("in use", { exact: true })).toBeVisible();
});

test("a destination that contracts send to is not retired", async ({ page, meshline, signIn, visit }) => {
  await signIn(page, meshline.userWith("engineering").email);
  await visit(page, `/m/${meshline.merchant().slug}/connections`);
  await page.getByRole("table", { name: "Destinations" }).getByRole("link").first().click();
  await expect(page.getByRole("heading", { name: "Contracts" })).toBeVisible();
  await page.getByRole("button", { name: "Retire", exact: true }).click();
  await page.getByRole("button", { name: "Retire it" }).click();
  await expect(page.getByRole("alert").first()).toContainText("still sends there");
  await expect(page.getByText("in use", { exact: true })).toBeVisible();
});

test("who may not manage connections sees a destination and cannot touch it", async ({ page, meshline, signIn, visit }) => {
  await signIn(page, meshline.userWith("viewer").email);
  const home = `/m/${meshline.merchant().slug}/connections`;
  await visit(page, home);
  await expect(page.getByRole("link", { name: "Add a destination" })).toHaveCount(0);
  await page.getByRole("table", { name: "Destinations" }).getByRole("link").first().click();
  for (const label of ["Retire", "Rotate the secret", "Send a test export", "Save"]) {
    await expect(page.getByRole("button", { name: label })).toHaveCount(0);
  }
});
