// Signing in, signing out, and what is kept in between.

import { expectAccessible } from "../axe.ts";
import { expect, test } from "../fixtures.ts";

test("a wrong password is said at the field, and the e-mail stays", async ({ page, meshline }) => {
  const { email } = meshline.userWith("auditor");
  await page.goto("/login");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill("certainly-not-this");
  await page.getByRole("button", { name: "Sign in" }).click();

  await expect(page).toHaveURL(/\/login/);
  const password = page.getByLabel("Password");
  await expect(password).toHaveAttribute("aria-invalid", "true");
  await expect(password).toHaveAccessibleDescription(/.{10,}/);
  await expect(password).toHaveValue("");
  await expect(page.getByLabel("E-mail")).toHaveValue(email);
  await expectAccessible(page);

  // somebody who does not exist gets the same words
  const said = await page.locator(".error").innerText();
  await page.getByLabel("E-mail").fill("nobody@northbeam.example");
  await page.getByLabel("Password").fill("certainly-not-this");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.locator(".error")).toHaveText(said);
});

test("what was asked for comes after signing in", async ({ page, meshline }) => {
  const user = meshline.userWith("logistics");
  const path = `/m/${meshline.merchant().slug}/orders`;
  await page.goto(path);
  await expect(page).toHaveURL(/\/login/);
  await page.getByLabel("E-mail").fill(user.email);
  await page.getByLabel("Password").fill(user.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(new RegExp(`${path}$`));
});

test("another site is never the page after signing in", async ({ page, meshline }) => {
  const user = meshline.userWith("logistics");
  await page.goto("/login?next=//example.com/");
  await page.getByLabel("E-mail").fill(user.email);
  await page.getByLabel("Password").fill(user.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(`${meshline.baseURL}/`);
});

test("signing out ends the session, for whoever still has the cookie", async ({ page, context, signIn, visit }) => {
  await signIn(page);
  await visit(page, "/");
  const cookies = await context.cookies();
  const session = cookies.find((cookie) => /session|meshline/.test(cookie.name));
  expect(session, "a session cookie").toMatchObject({ httpOnly: true, sameSite: "Lax" });

  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/login/);
  await page.goto("/");
  await expect(page).toHaveURL(/\/login/);
  await context.addCookies(cookies);
  await page.goto("/");
  await expect(page).toHaveURL(/\/login/);
});

test("a page that was left open elsewhere says that it is not live any more, and asks for nothing", async ({
  page,
  context,
  signIn,
  visit,
  javaScript,
}) => {
  test.skip(!javaScript, "without a script no page is live");
  await signIn(page);
  const left = await context.newPage();
  await visit(left, "/");
  const live = left.locator("[data-live-dot]");
  await expect(live).toHaveAttribute("data-state", "on");
  const asked: string[] = [];
  left.on("request", (request) => asked.push(new URL(request.url()).pathname));

  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/login/);
  await expect(live).toHaveText("not live");
  // what came just before the end may still be looked up
  let known: number;
  do {
    known = asked.length;
    await left.waitForTimeout(500);
  } while (asked.length > known);
  expect(asked.filter((path) => path.endsWith("/live"))).toEqual([]);
  asked.length = 0;
  // a browser takes up a line that was lost after three seconds, by itself
  await left.waitForTimeout(4_000);
  expect(asked).toEqual([]);
});
