// From an empty installation to the first order that passes, as the person who installed it goes through it.

import type { Page } from "@playwright/test";

import { expectAccessible } from "../axe.ts";
import { expect, hydrated, test as base } from "../fixtures.ts";
import { Meshline } from "../meshline.ts";

const test = base.extend<object, { meshline: Meshline }>({
  meshline: [
    async ({}, use) => {
      const meshline = await Meshline.startEmpty();
      await use(meshline);
      await meshline.stop();
    },
    { scope: "worker", timeout: 300_000 },
  ],
});

const EMAIL = "ada@northbeam.example";
const PASSWORD = "sieben lange Laternen";
// what the sandbox expects of everybody who sends to it
const SANDBOX_SECRET = "whsec_bWVzaGxpbmUtc2FuZGJveC1kZW1vLXNlY3JldC0zMmI=";

const copied = async (page: Page, what: string) =>
  (await page.locator(`[aria-label="Copy ${what}"]`).getAttribute("data-copy")) ?? "";

const steps = (page: Page) => page.locator("#first-steps");

/** One heading, no sideways scrolling on a phone, nothing that axe finds, in light and in dark. */
async function sound(page: Page): Promise<void> {
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
  await page.waitForLoadState();
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(over, "wider than the screen").toBeLessThanOrEqual(0);
  await expectAccessible(page);
  await page.setViewportSize({ width: 1440, height: 900 });
}

test("the one who installed it gets a first order through", async ({ page, browser, meshline, visit, javaScript }) => {
  test.setTimeout(600_000);
  const refused: string[] = [];
  page.on("response", (answer) => {
    if (answer.status() >= 400) refused.push(`${answer.status()} ${new URL(answer.url()).pathname}`);
  });

  // an account: wherever one comes from, there is nothing else yet
  await page.goto("/m/acme/orders");
  await expect(page).toHaveURL(/\/setup$/);
  await sound(page);
  await page.getByLabel("Who operates it").fill("Northbeam Operations");
  await page.getByLabel("Your name").fill("Ada Fenwick");
  await page.getByLabel("Your e-mail").fill(EMAIL);
  await page.getByLabel("Choose a password").fill("northbeam operations");
  await page.getByRole("button", { name: "Set up Meshline" }).click();
  const password = page.getByLabel("Choose a password");
  await expect(password).toHaveAttribute("aria-invalid", "true");
  await expect(password).toHaveValue("");
  await expect(page.getByLabel("Who operates it")).toHaveValue("Northbeam Operations");
  await expect(page.getByLabel("Your e-mail")).toHaveValue(EMAIL);
  await sound(page);

  // somebody who opened the same page meanwhile comes too late
  const theirs = await browser.newContext({ baseURL: meshline.baseURL });
  const late = await theirs.newPage();
  await late.goto("/setup");
  await password.fill(PASSWORD);
  await page.getByRole("button", { name: "Set up Meshline" }).click();
  await expect(page).toHaveURL(`${meshline.baseURL}/`);
  await expect(steps(page)).toContainText("0 of 5 done");
  await sound(page);
  await late.getByLabel("Who operates it").fill("Somebody else");
  await late.getByLabel("Your name").fill("Mallory");
  await late.getByLabel("Your e-mail").fill("mallory@example.com");
  await late.getByLabel("Choose a password").fill("another nine lanterns");
  await late.getByRole("button", { name: "Set up Meshline" }).click();
  await expect(late.locator("main")).toBeVisible();
  await late.goto("/");
  await expect(late).toHaveURL(/\/login/);
  await theirs.close();

  // a merchant
  await steps(page).getByRole("link", { name: "Add a merchant" }).click();
  await sound(page);
  await page.getByLabel("Name").fill("Acme Apparel");
  await page.getByLabel("Path").fill("acme");
  await page.getByRole("button", { name: "Add the merchant" }).click();
  await expect(page).toHaveURL(/\/m\/acme\//);

  // its storefront: the secret is shown once
  await visit(page, "/");
  await expect(steps(page)).toContainText("1 of 5 done");
  await steps(page).getByRole("link", { name: "Connect a storefront" }).click();
  await sound(page);
  await page.getByLabel("Name").fill("Shopify, main store");
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await expect(page.getByRole("heading", { name: "The secret, this once" })).toBeVisible();
  const [url, secret, source] = [await copied(page, "address"), await copied(page, "secret"), page.url()];
  expect(url).toContain(`${meshline.baseURL}/in/`);
  await sound(page);
  await visit(page, source);
  expect(await page.content()).not.toContain(secret);

  // another name changes nothing about who is asked, though nobody holds those roles yet
  const asked = await page.getByLabel("Asked first").inputValue();
  await page.getByLabel("Name").fill("Shopify, the store");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Shopify, the store");
  await expect(page.getByLabel("Asked first")).toHaveValue(asked);

  // without a destination a template waits
  await visit(page, "/m/acme/flows");
  await sound(page);
  await page.getByRole("link", { name: "Begin with a template" }).click();
  await expect(page.getByText("Say first where its work goes")).toBeVisible();
  await page.getByRole("link", { name: "Add a destination" }).click();
  await sound(page);
  await page.getByLabel("Name").fill("Harbor 3PL");
  await page.getByLabel("Kind of system").fill("3pl");
  await page.getByLabel("Whose is it?").selectOption("3pl");
  await page.getByLabel("URL").fill(`${meshline.sandboxURL}/3pl`);
  await page.getByLabel("Signing secret").fill(SANDBOX_SECRET);
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Harbor 3PL");
  await sound(page);

  // a flow, and who answers for its parts
  await visit(page, "/");
  await expect(steps(page)).toContainText("3 of 5 done");
  await steps(page).getByRole("link", { name: "Choose a template" }).click();
  await expect(page.getByRole("link", { name: "Order to ship" })).toHaveAttribute("aria-current", "true");
  await sound(page);
  for (const role of ["Customer ops", "Engineering", "Finance", "Logistics", "Operations", "Supply chain"]) {
    await page.getByLabel(role, { exact: true }).selectOption({ label: "Ada Fenwick" });
  }
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await expect(page).toHaveURL(/\/flows\/[0-9a-f-]{36}$/);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Order to ship");
  await visit(page, "/m/acme/flows/template");
  await expect(page.getByText("Order to ship is published here already")).toBeVisible();
  await sound(page);

  // a test event arrives, and waits for a person
  await visit(page, "/");
  await expect(steps(page)).toContainText("4 of 5 done");
  await steps(page).getByRole("link", { name: "Send a test event" }).click();
  if (javaScript) await hydrated(page);
  await page.getByRole("button", { name: "Send a test event" }).click();
  const trial = page.getByRole("region", { name: "Test event" });
  await expect(async () => {
    // with JavaScript the page hears of it; without, one looks again
    if (!javaScript) await page.reload();
    await expect(trial).toContainText("a flow works on it", { timeout: 1_000 });
  }).toPass({ timeout: 60_000 });
  await expect(page.getByRole("list", { name: "The life of the test event" })).toContainText("Approval");
  await sound(page);

  // and a real one passes by itself, with the address and the secret that were given
  const said = await meshline.command("send", "--url", url, "--secret", secret, "--total", "120.00");
  expect(said).toContain("1 accepted");
  await expect(async () => {
    await page.goto("/m/acme/exports?state=completed");
    await expect(page.locator("main tbody tr")).toHaveCount(1, { timeout: 500 });
  }).toPass({ timeout: 60_000 });
  await visit(page, "/");
  await expect(steps(page)).toHaveCount(0);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("1 waiting on you");

  // nothing leads back to the beginning, and the account that was made signs in
  await page.goto("/setup");
  await expect(page).not.toHaveURL(/\/setup/);
  // it listens by now; without a cookie it would ask for that in vain
  if (javaScript) await expect(page.locator("[data-live-dot]")).toHaveAttribute("data-state", "on");
  await page.context().clearCookies();
  await page.goto("/");
  await expect(page).toHaveURL(/\/login/);
  await page.getByLabel("E-mail").fill(EMAIL);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(`${meshline.baseURL}/`);
  expect(refused).toEqual([]);
});
