// The second half of signing in: set up with a phone, asked for, confirmed in the middle of a session.

import { type Page } from "@playwright/test";

import { expectAccessible } from "../axe.ts";
import { expect, test } from "../fixtures.ts";
import { Phone } from "../phone.ts";

// one person's factor, from one test to the next
test.describe.configure({ mode: "serial" });

let phone: Phone;
let recoveryCodes: string[];

/** Password only; where that leads is the test's affair. */
async function givePassword(page: Page, user: { email: string; password: string }): Promise<void> {
  await page.goto("/login");
  await page.getByLabel("E-mail").fill(user.email);
  await page.getByLabel("Password").fill(user.password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

test("a phone is set up with a picture or a secret, and a first code", async ({ page, meshline, signIn, visit }) => {
  await signIn(page, meshline.userWith("returns_ops").email);
  await visit(page, "/second-factor?next=/");
  await page.getByRole("button", { name: "Show the picture to scan" }).click();

  await expect(page.getByRole("img", { name: /picture to scan/ })).toBeVisible();
  await expectAccessible(page);
  const uri = await page.getByRole("link", { name: "Open it in the app" }).getAttribute("href");
  phone = new Phone(uri ?? "");
  await page.getByLabel("The code it shows now").fill("000000");
  await page.getByRole("button", { name: "Turn it on" }).click();
  await expect(page.getByLabel("The code it shows now")).toHaveAccessibleDescription(/not right/);

  await page.getByLabel("The code it shows now").fill(phone.code());
  await page.getByRole("button", { name: "Turn it on" }).click();
  await expect(page.getByRole("heading", { name: "Keep these ten codes" })).toBeVisible();
  await expectAccessible(page);
  const codes = await page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem").allInnerTexts();
  recoveryCodes = codes.map((code) => /[0-9a-z]{4}(-[0-9a-z]{4}){5}/.exec(code)?.[0] ?? "");
  expect(new Set(recoveryCodes).size).toBe(10);
  await page.reload();
  await expect(page.getByRole("heading", { name: "They were shown already" })).toBeVisible();
  await page.getByRole("link", { name: "Go on" }).click();
  await expect(page).toHaveURL(`${meshline.baseURL}/`);
});

test("the code comes after the password, and nothing opens before it", async ({ page, meshline }) => {
  await givePassword(page, meshline.userWith("returns_ops"));
  await expect(page.getByRole("heading", { name: "Your code" })).toBeVisible();
  await expectAccessible(page);
  await page.goto("/");
  await expect(page).toHaveURL(/\/login/);

  await page.goto("/second-factor");
  await page.getByLabel("Code").fill("000000");
  await page.getByRole("button", { name: "Go on" }).click();
  await expect(page.getByLabel("Code")).toHaveAccessibleDescription(/not right/);
  await page.getByLabel("Code").fill(phone.code(1));
  await page.getByRole("button", { name: "Go on" }).click();
  await expect(page).toHaveURL(`${meshline.baseURL}/`);
});

test("without the phone a recovery code will do, once", async ({ page, context, meshline }) => {
  const user = meshline.userWith("returns_ops");
  for (const [code, works] of [[recoveryCodes[0], true], [recoveryCodes[0], false], [recoveryCodes[1], true]] as const) {
    await context.clearCookies();
    await givePassword(page, user);
    await page.getByLabel("Code").fill(code ?? "");
    await page.getByRole("button", { name: "Go on" }).click();
    if (works) await expect(page).toHaveURL(`${meshline.baseURL}/`);
    else await expect(page.getByLabel("Code")).toHaveAccessibleDescription(/not right/);
  }
});

test("a confirmation asks for what the person has", async ({ page, meshline, signIn }) => {
  const user = meshline.userWith("logistics");
  await signIn(page, user.email);
  await page.goto(`/confirm?next=/m/${meshline.merchant().slug}/orders`);
  await expectAccessible(page);
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Confirm" }).click();
  await expect(page.getByLabel("Password")).toHaveAccessibleDescription(/not your password/);
  await expect(page.getByLabel("Password")).toHaveValue("");
  await page.getByLabel("Password").fill(user.password);
  await page.getByRole("button", { name: "Confirm" }).click();
  await expect(page).toHaveURL(/\/orders$/);
  await expect(page.getByRole("status").filter({ hasText: "Confirmed" })).toBeVisible();
});

test("a form in a tab whose session ended is there again after signing in", async ({ page, context, meshline, signIn, visit }) => {
  const admin = meshline.userWith("admin");
  const path = `/m/${meshline.merchant().slug}/connections/new`;
  await signIn(page, admin.email);
  await visit(page, path);
  await page.getByLabel("Name").fill("Winter pop-up shop");
  // signed out in another tab
  const cookies = await context.cookies();
  await page.context().request.post(`${meshline.baseURL}/ui/logout`, { headers: { origin: meshline.baseURL }, maxRedirects: 0 });
  await context.clearCookies();
  await context.addCookies(cookies);

  await page.getByRole("main").locator("form").first().getByRole("button").click();
  await expect(page).toHaveURL(/\/login\?next=/);
  await page.getByLabel("E-mail").fill(admin.email);
  await page.getByLabel("Password").fill(admin.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(new RegExp(`${path}$`));
  await expect(page.getByLabel("Name")).toHaveValue("Winter pop-up shop");
  await expect(page.getByText("You had been signed out")).toBeVisible();
});
