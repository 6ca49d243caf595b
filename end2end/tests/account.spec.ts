// One's own account: another password while one knows the old one, and by a link when one does not.

import type { Page } from "@playwright/test";

import { expectAccessible } from "../axe.ts";
import { expect, test } from "../fixtures.ts";

const copied = async (page: Page, what: string) =>
  (await page.locator(`[aria-label="Copy ${what}"]`).getAttribute("data-copy")) ?? "";

async function sound(page: Page): Promise<void> {
  for (const width of [390, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
    await page.waitForLoadState();
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(over, "wider than the screen").toBeLessThanOrEqual(0);
    await expectAccessible(page);
  }
}

async function enter(page: Page, email: string, password: string): Promise<void> {
  await page.goto("/login");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

async function refuses(page: Page, label: string): Promise<void> {
  const field = page.getByLabel(label, { exact: true });
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await expect(field).toHaveAccessibleDescription(/.{10,}/);
}

test("a password is changed by whoever knows it, or by a link that works once", async ({
  page,
  browser,
  meshline,
  signIn,
  visit,
}) => {
  test.setTimeout(360_000);
  const passwords = ["acht rote Regenschirme", "neun stille Leuchttürme", "zehn grüne Heuwagen"];
  const [first = "", second = "", third = ""] = passwords;
  const email = "wanda@example.com";
  const people = `/m/${meshline.merchant().slug}/people`;

  // somebody of their own, so that nobody of the demo is locked out
  await signIn(page);
  await visit(page, `${people}/invite`);
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Access").selectOption("operator");
  await page.getByLabel("Finance").check();
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`${people}$`));
  const invitation = await copied(page, "link");
  const theirs = await browser.newContext({ baseURL: meshline.baseURL });
  const wanda = await theirs.newPage();
  await wanda.goto(invitation);
  await wanda.getByLabel("Your name").fill("Wanda Okafor");
  await wanda.getByLabel("Choose a password").fill(first);
  await wanda.getByRole("button", { name: "Accept and sign in" }).click();
  await expect(wanda).toHaveURL(/\/queue$/);
  const elsewhere = await browser.newContext({ baseURL: meshline.baseURL });
  const other = await elsewhere.newPage();
  await enter(other, email, first);
  await expect(other).not.toHaveURL(/\/login/);

  await wanda.goto("/account");
  await expect(wanda.getByRole("heading", { level: 1 })).toHaveText("Wanda Okafor, at one merchant");
  await sound(wanda);
  const change = async (old: string, next: string) => {
    await wanda.getByLabel("The one you have").fill(old);
    await wanda.getByLabel("The new one").fill(next);
    await wanda.getByRole("button", { name: "Change the password" }).click();
  };
  await change("certainly not this one", second);
  await refuses(wanda, "The one you have");
  await change(first, "wanda okafor");
  await refuses(wanda, "The new one");
  for (const label of ["The one you have", "The new one"]) await expect(wanda.getByLabel(label)).toHaveValue("");
  await sound(wanda);
  // until now nothing changed
  await other.goto("/account");
  await expect(other).toHaveURL(/\/account$/);
  await change(first, second);
  await expect(wanda.getByText("Your password is changed, and your other session is over.")).toBeVisible();
  await other.goto("/account");
  await expect(other).toHaveURL(/\/login/);
  await enter(other, email, first);
  await refuses(other, "Password");

  // forgotten: what to do stands at the sign-in, and an admin makes a link
  await other.getByRole("link", { name: /forgot/i }).click();
  await expect(other.getByRole("heading", { level: 1 })).toHaveText("You forgot your password");
  await sound(other);
  await visit(page, people);
  await page.getByRole("link", { name: "Wanda Okafor" }).click();
  await page.getByRole("button", { name: "Make a reset link" }).click();
  await expect(page.getByRole("heading", { name: "The link for Wanda Okafor, this once" })).toBeVisible();
  const link = await copied(page, "link");
  expect(link).toContain(`${meshline.baseURL}/reset/`);
  await sound(page);
  await page.reload();
  expect(await page.content()).not.toContain(link);

  const shown = await other.goto(link);
  expect(shown?.headers()["referrer-policy"]).toBe("no-referrer");
  await sound(other);
  await other.getByLabel("The new password").fill("too short");
  await other.getByRole("button", { name: "Change the password" }).click();
  await refuses(other, "The new password");
  await sound(other);
  await other.getByLabel("The new password").fill(third);
  await other.getByRole("button", { name: "Change the password" }).click();
  await expect(other).toHaveURL(/\/login$/);
  await expect(other.getByText("Sign in with the new one.")).toBeVisible();
  await wanda.goto("/account");
  await expect(wanda).toHaveURL(/\/login/);
  await enter(other, email, second);
  await refuses(other, "Password");
  await enter(other, email, third);
  await expect(other).not.toHaveURL(/\/login/);

  const again = await wanda.goto(link);
  expect(again?.status()).toBe(410);
  await expect(wanda.getByRole("heading", { level: 1 })).toHaveText("This link was used already");
  await sound(wanda);
  const nowhere = await wanda.goto("/reset/never-made");
  expect(nowhere?.status()).toBe(404);
  await sound(wanda);
  await theirs.close();
  await elsewhere.close();
});
