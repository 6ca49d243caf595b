// The agency's side: all merchants at once, who reaches them, and a new one.

import type { Locator, Page } from "@playwright/test";

import { expectAccessible } from "../axe.ts";
import { exported, settled } from "../chain.ts";
import { expect, test } from "../fixtures.ts";
import { order } from "../shopify.ts";

const lines = (page: Page): Locator => page.getByRole("table", { name: /^Merchants/ }).locator("tbody tr");

test("every figure of the overview leads to the rows that were counted", async ({ page, meshline, send, signIn, visit }) => {
  test.setTimeout(240_000);
  const short = { lines: [{ sku: "LAMP-OUT-OF-STOCK", title: "Lamp, brass", quantity: 1, price: 8_900 }] };
  for (let n = 0; n < 2; n += 1) {
    const { receipt } = await send("orders/create", order(short));
    await settled(meshline, receipt.receipt_id, (chain) => chain.tasks.length > 0);
  }
  const dear = await send("orders/create", order({ lines: [{ sku: "BED-OAK-180", title: "Bed, oak", quantity: 1, price: 189_000 }] }));
  await exported(meshline, dear.receipt.receipt_id, "awaiting_approval");

  await signIn(page);
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Overview" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText(/about to miss a promise|missed a promise/);
  const overview = new URL(page.url()).pathname;
  expect(overview).toBe("/o/northbeam-commerce-ops");
  await expect(lines(page)).toHaveCount(meshline.demo.merchants.length);
  const first = lines(page).first();
  await expect(first).toContainText(meshline.merchant().name);
  await expectAccessible(page);

  // a number, whose it is, and where it leads
  const figures = () => first.locator("a[href]").evaluateAll((all) =>
    all
      .map((link) => ({ number: Number(/n\s=\s(\d+)/.exec(link.textContent ?? "")?.[1] ?? /\d+/.exec(link.textContent ?? "")?.[0] ?? NaN), href: link.getAttribute("href") ?? "" }))
      .filter(({ number, href }) => Number.isFinite(number) && /\/(tasks|approvals|exports|orders|receipts)(\?|$)/.test(href)),
  );
  const counted = await figures();
  const targets = counted.map(({ href }) => href).join(" ");
  for (const wanted of ["tasks?due=hour", "approvals?due=hour", "receipts?since=24h", "tasks?holder=agency:"]) expect(targets).toContain(wanted);
  for (const { href } of counted.filter(({ number }) => number <= 50)) {
    // clocks run on: what was due within the hour when it was counted may be late when it is looked at
    await expect(async () => {
      await visit(page, overview);
      const said = (await figures()).find((one) => one.href === href)?.number ?? 0;
      await visit(page, href);
      await expect(page.locator("main tr[data-row]"), `${href} says ${said}`).toHaveCount(said, { timeout: 3_000 });
    }).toPass({ timeout: 60_000 });
  }

  // and what is decided is counted as such, with its denominator
  await visit(page, overview);
  const before = await first.innerText();
  expect(before).toContain("within the hour");
  await visit(page, `/m/${meshline.merchant().slug}/tasks?due=hour`);
  await page.getByRole("link", { name: "Within the hour ×" }).click();
  await expect(page).toHaveURL(/\/tasks$/);
});

test("the overview is searched and filtered in its address", async ({ page, meshline, signIn, visit }) => {
  await signIn(page);
  await visit(page, "/o/northbeam-commerce-ops");
  await page.getByRole("searchbox", { name: "Find a merchant" }).last().fill("kite");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\?q=kite/);
  await expect(lines(page)).toHaveCount(1);
  await expect(lines(page)).toContainText("Kitewood");
  await visit(page, "/o/northbeam-commerce-ops?q=nothing-like-that");
  await expect(page.locator("main")).toContainText("No merchant fits");
  await page.getByRole("link", { name: "Show all merchants" }).click();
  await expect(lines(page)).toHaveCount(meshline.demo.merchants.length);
  // a search from the menu goes straight to the one it finds, in the section that was open
  await visit(page, "/o/northbeam-commerce-ops?q=kite&go=exports");
  await expect(page).toHaveURL(/\/m\/kitewood\/exports$/);
});

test("changing the merchant keeps the section, and leads to all of them", async ({ page, signIn, visit }) => {
  await signIn(page);
  await visit(page, "/m/alder-pine/receipts");
  await page.getByRole("button", { name: /^Merchant: Alder & Pine/ }).click();
  await page.getByRole("link", { name: "Kitewood" }).click();
  await expect(page).toHaveURL(/\/m\/kitewood\/receipts$/);
  await page.getByRole("button", { name: /^Merchant: Kitewood/ }).click();
  await page.getByRole("link", { name: /^Northbeam Commerce Ops/ }).first().click();
  await expect(page).toHaveURL(/\/o\/northbeam-commerce-ops$/);
});

test("people are let in, changed and taken out, and an admin always stays", async ({ page, meshline, signIn, visit }) => {
  await signIn(page, "elena@northbeam.example");
  await visit(page, "/o/northbeam-commerce-ops/people");
  await expect(page.getByRole("heading", { level: 1 })).toContainText(/people reach/);
  const row = (name: string) => page.locator("main tr").filter({ hasText: name });

  await page.getByLabel("E-mail address").fill("nobody@elsewhere.example");
  await page.getByRole("button", { name: "Let in" }).click();
  await expect(page.locator("#link")).toContainText(`${meshline.baseURL}/invite/`);
  await expectAccessible(page);
  const waiting = page.locator("#invitations tr").filter({ hasText: "nobody@elsewhere.example" });
  await expect(waiting).toContainText("waiting");
  await page.getByRole("button", { name: "Take back the invitation of nobody@elsewhere.example" }).click();
  await expect(page.locator("#invitations")).toHaveCount(0);

  await page.getByLabel("E-mail address").fill("tomas@northbeam.example");
  await page.getByLabel("Access at every merchant").selectOption("viewer");
  await page.getByRole("button", { name: "Let in" }).click();
  await expect(row("Tomas Rehn")).toContainText("Viewer");
  await expectAccessible(page);

  await row("Tomas Rehn").getByRole("link", { name: "Change" }).click();
  await page.getByLabel("Access at every merchant").first().selectOption("operator");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(row("Tomas Rehn")).toContainText("Operator");

  await row("Tomas Rehn").getByRole("link", { name: "Take out" }).click();
  await expect(page.locator("main")).toContainText("Take Tomas Rehn out of Northbeam Commerce Ops?");
  await page.getByRole("button", { name: "Take Tomas Rehn out" }).click();
  await expect(row("Tomas Rehn")).toHaveCount(0);

  // the other admin goes; the last one cannot
  await visit(page, "/o/northbeam-commerce-ops/people");
  await row("Ravi Menon").getByRole("link", { name: "Take out" }).click();
  await page.getByRole("button", { name: "Take Ravi Menon out" }).click();
  await row("Elena Duarte").getByRole("link", { name: "Take out" }).click();
  await page.getByRole("button", { name: "Take Elena Duarte out" }).click();
  await expect(page.locator("main")).toContainText("the last admin of Northbeam Commerce Ops");
  await expect(row("Elena Duarte")).toContainText("Admin");
  await page.getByLabel("E-mail address").fill("ravi@northbeam.example");
  await page.getByLabel("Access at every merchant").last().selectOption("admin");
  await page.getByRole("button", { name: "Let in" }).click();
  await expect(row("Ravi Menon")).toContainText("Admin");

  await visit(page, "/o/northbeam-commerce-ops/settings");
  await expect(page.locator("main")).toContainText("Let Ravi Menon in, by Elena Duarte");
  await page.getByLabel("Name", { exact: true }).fill("   ");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByLabel("Name", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await expectAccessible(page);
  expect(meshline.demo.operator.name).toBe("Northbeam Commerce Ops");
});

test("a merchant is added, and everybody at the agency reaches it", async ({ page, signIn, visit, javaScript }) => {
  const slug = `zephyr-${javaScript ? "js" : "plain"}`;
  await signIn(page, "elena@northbeam.example");
  await visit(page, "/o/northbeam-commerce-ops/merchants/new");
  await page.getByLabel("Name", { exact: true }).fill("Zephyr Supply");
  await page.getByLabel("Path", { exact: true }).fill("alder-pine");
  await page.getByRole("button", { name: "Add the merchant" }).click();
  await expect(page.locator("#e-slug")).toContainText("Another merchant has this path");
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Zephyr Supply");
  await expectAccessible(page);
  await page.getByLabel("Path", { exact: true }).fill(slug);
  await page.getByRole("button", { name: "Add the merchant" }).click();
  await expect(page).toHaveURL(new RegExp(`/m/${slug}/connections$`));
  await expect(page.locator("main")).toContainText("Zephyr Supply is there");

  await visit(page, "/o/northbeam-commerce-ops?q=zephyr");
  await expect(lines(page)).toContainText("Connect a storefront");
  await page.context().clearCookies();
  await signIn(page, "sofie@northbeam.example");
  await visit(page, `/m/${slug}/queue`);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Nothing is waiting on you");
});

test("nobody sees more of an agency than what they are part of", async ({ page, signIn, visit }) => {
  await signIn(page, "hannah@alderandpine.example");
  await visit(page, "/o/northbeam-commerce-ops");
  await expect(lines(page)).toHaveCount(1);
  await expect(lines(page)).toContainText("Alder & Pine");
  await expect(page.getByRole("link", { name: "New merchant" })).toHaveCount(0);
  for (const path of ["people", "settings", "merchants/new", "templates", "templates/new"]) {
    const answer = await page.goto(`/o/northbeam-commerce-ops/${path}`);
    expect(answer?.status(), path).toBe(403);
  }
  await page.context().clearCookies();
  await signIn(page, "dana@harbor3pl.example");
  for (const path of ["/o/northbeam-commerce-ops", "/o/northbeam-commerce-ops/people", "/o/not-there"]) {
    const answer = await page.goto(path);
    expect(answer?.status(), path).toBe(404);
  }
  await expect(page.getByRole("link", { name: "Overview" })).toHaveCount(0);
});
