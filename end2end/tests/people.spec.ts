// People come by an invitation, change, and leave without leaving anything to nobody.

import type { Page } from "@playwright/test";

import { expectAccessible } from "../axe.ts";
import { expect, test } from "../fixtures.ts";

const copied = async (page: Page, what: string) =>
  (await page.locator(`[aria-label="Copy ${what}"]`).getAttribute("data-copy")) ?? "";

const sizes = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];

async function sound(page: Page): Promise<void> {
  for (const size of sizes) {
    await page.setViewportSize(size);
    await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
    await page.waitForLoadState();
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(over, "wider than the screen").toBeLessThanOrEqual(0);
    await expectAccessible(page);
  }
  await page.setViewportSize(sizes[0]!);
}

test("somebody is invited, accepts once, and is there", async ({ page, browser, meshline, signIn, visit }) => {
  const home = `/m/${meshline.merchant().slug}/people`;
  await signIn(page);
  await visit(page, home);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("people work for");
  await page.getByRole("link", { name: "Invite somebody" }).click();

  // what is wrong is said, and what was typed is kept
  await page.getByLabel("E-mail address").fill("nils@example.com");
  await page.getByLabel("Access").selectOption("operator");
  await page.getByLabel("Finance").check();
  await page.getByLabel("Roles of your own").fill("Über");
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  await expect(page.getByText("is no role’s name")).toBeVisible();
  await expect(page.getByLabel("E-mail address")).toHaveValue("nils@example.com");
  await expect(page.getByLabel("Finance")).toBeChecked();
  await sound(page);
  await page.getByLabel("Roles of your own").fill("vip_desk");
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`${home}$`));
  const link = await copied(page, "link");
  expect(link).toContain("/invite/");
  await sound(page);
  await visit(page, home);
  expect(await page.content()).not.toContain(link);

  const theirs = await browser.newContext({ baseURL: meshline.baseURL });
  const nils = await theirs.newPage();
  await nils.goto(link);
  await expect(nils.getByRole("heading", { level: 1 })).toContainText("invites you to");
  await sound(nils);
  await nils.getByLabel("Your name").fill("Nils Berg");
  await nils.getByLabel("Choose a password").fill("viermal gefaltete brotzeit");
  await nils.getByRole("button", { name: "Accept and sign in" }).click();
  await expect(nils).toHaveURL(/\/queue$/);
  await expect(nils.getByText("Welcome to")).toBeVisible();

  const second = await theirs.newPage();
  const again = await second.goto(link);
  expect(again?.status()).toBe(410);
  await expect(second.getByRole("heading", { level: 1 })).toHaveText("This invitation was accepted already");
  await sound(second);
  await theirs.close();

  await visit(page, `${home}?q=vip`);
  await expect(page.getByRole("link", { name: "Nils Berg" })).toBeVisible();
  await expect(page.getByText("1 person", { exact: true })).toBeVisible();
  await visit(page, `${home}?q=nobody-like-that`);
  await expect(page.getByText("Nobody fits")).toBeVisible();
});

test("who holds something leaves only with a successor", async ({ page, meshline, signIn, visit }) => {
  const home = `/m/${meshline.merchant("kitewood").slug}/people`;
  await signIn(page);
  await visit(page, home);
  await page.getByRole("link", { name: "Tomas Rehn" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("answers for logistics");
  await expect(page.locator("#held")).toContainText("As logistics");
  await sound(page);

  // a role that nobody else holds stays
  await page.getByLabel("Logistics", { exact: true }).uncheck();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.locator("#place .error")).toContainText("would be nobody’s");
  await expect(page.getByLabel("Logistics", { exact: true })).not.toBeChecked();

  await page.getByRole("link", { name: "Take out of Kitewood" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("need a new owner before Tomas Rehn leaves");
  await sound(page);
  await page.getByRole("button", { name: "Take out of Kitewood" }).click();
  await expect(page.locator(".error")).toContainText("Choose who takes over");
  await page.getByLabel("Everything goes to").selectOption({ label: "Jonas Hale" });
  await page.getByRole("button", { name: "Take out of Kitewood" }).click();
  await expect(page).toHaveURL(new RegExp(`${home}$`));
  await expect(page.getByText("Tomas Rehn no longer works at Kitewood.")).toBeVisible();
  await expect(page.getByRole("link", { name: "Tomas Rehn" })).toHaveCount(0);
  await page.getByRole("link", { name: "Jonas Hale" }).click();
  await expect(page.locator("#held")).toContainText("As logistics");
});

test("others see who is here and change nothing", async ({ page, meshline, signIn, visit }) => {
  const home = `/m/${meshline.merchant().slug}/people`;
  await signIn(page, meshline.userWith("marketing_ops").email);
  await visit(page, home);
  await expect(page.getByRole("link", { name: "Invite somebody" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Take back" })).toHaveCount(0);
  await page.getByRole("link", { name: "Jonas Hale" }).click();
  await expect(page.getByRole("button", { name: "Save" })).toHaveCount(0);
  const form = await page.goto(`${home}/invite`);
  expect(form?.status()).toBe(403);
});
