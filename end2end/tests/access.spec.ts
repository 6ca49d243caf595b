// Who may do what: the matrix as it is enforced, somebody of a 3PL in their own part, and a program's token.

import { expectAccessible } from "../axe.ts";
import { exported, only, settled } from "../chain.ts";
import { expect, test } from "../fixtures.ts";
import { order } from "../shopify.ts";

const DANA = "dana@harbor3pl.example";

test("somebody of a 3PL sees what goes to them, and nothing else is there", async ({ page, meshline, send, signIn, visit }) => {
  const { receipt } = await send("orders/create", order());
  const chain = await exported(meshline, receipt.receipt_id, "completed");
  const slug = meshline.merchant().slug;
  await signIn(page, DANA);
  await visit(page, `/m/${slug}/exports`);
  const main = page.getByRole("navigation", { name: "Main" });
  for (const open of ["My queue", "Exports", "Approvals", "Tasks"]) {
    await expect(main.getByRole("link", { name: open })).toHaveCount(1);
  }
  for (const closed of ["Orders", "Receipts", "Flows", "Contracts", "Connections", "Audit", "People", "Settings"]) {
    await expect(main.getByRole("link", { name: closed })).toHaveCount(0);
  }
  await expect(page.getByRole("table")).not.toContainText("promo_activation");
  await visit(page, `/m/${slug}/exports/${only(chain.exports).id}`);
  const thread = page.getByRole("list", { name: "The life of this export" });
  await expect(thread).toContainText("Delivery");
  await expect(thread).toContainText("Acknowledgement");
  await expect(thread).not.toContainText("Receipt");
  await expect(page.getByRole("button", { name: "Withdraw" })).toHaveCount(0);
  await expectAccessible(page);
  const hrefs = await page.locator(`main a[href^="/m/"]`).evaluateAll((all) => all.map((one) => one.getAttribute("href") ?? ""));
  for (const href of new Set(hrefs)) {
    const answer = await page.request.get(href);
    expect(answer.status(), href).toBe(200);
  }
  for (const closed of ["orders", "receipts", "audit", "people", "settings", "connections"]) {
    const answer = await page.goto(`/m/${slug}/${closed}`);
    expect(answer?.status(), closed).toBe(404);
  }
});

test("a task that is given to the 3PL is theirs until they give it back", async ({ page, meshline, send, signIn, visit }) => {
  const sent = order({ lines: [{ sku: "LAMP-OUT-OF-STOCK", title: "Lamp, brass", quantity: 1, price: 8_900 }] });
  const { receipt } = await send("orders/create", sent);
  const chain = await settled(meshline, receipt.receipt_id, (chain) => chain.tasks.length > 0);
  const task = only(chain.tasks);
  const path = `/m/${meshline.merchant().slug}/tasks/${task.id}`;
  await signIn(page, DANA);
  expect((await page.goto(path))?.status()).toBe(404);

  await meshline.api(`/tasks/${task.id}/reassign`, { method: "POST", body: { to: "3pl:logistics" } });
  await visit(page, "/");
  await expect(page.getByRole("listitem").filter({ hasText: sent.name })).toContainText("resolving sends 1 export again");
  await visit(page, `${path}?do=reassign`);
  await expectAccessible(page);
  const to = page.getByLabel("To", { exact: true });
  // they are not told who else there is
  await expect(to).not.toContainText("Mara");
  await to.selectOption("agency:operations");
  await page.getByRole("button", { name: "Reassign", exact: true }).click();
  await expect(page).toHaveURL(/\/tasks$/);
  await expect(page.locator("main")).toContainText("has it now");
  expect((await page.goto(path))?.status()).toBe(404);
});

test("the matrix says what is enforced, and whose it is", async ({ page, meshline, signIn, visit }) => {
  const settings = `/m/${meshline.merchant().slug}/settings`;
  await signIn(page, "sofie@northbeam.example");
  await visit(page, settings);
  // an auditor changes nothing
  await expect(page.locator("main").getByRole("button", { name: "Save" })).toHaveCount(0);
  await page.getByRole("link", { name: "Access" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("As auditor");
  const row = page.getByRole("row", { name: /^Decide / });
  const cells = await row.getByRole("cell").evaluateAll((all) => all.map((one) => one.getAttribute("data-may")));
  expect(cells).toEqual(["yes", "yes", "no", "no", "no", "yes", "no"]);
  await expect(page.getByRole("columnheader", { name: "Auditor you" })).toHaveClass("mine");
  await expect(page.locator("#holders")).toContainText("Dana W. (3pl)");
  await expectAccessible(page);
  await visit(page, `${settings}/tokens`);
  await expect(page.getByRole("link", { name: "Make a token" })).toHaveCount(0);
  await expectAccessible(page);
});

test("a token is made, shown once, rotated and revoked", async ({ page, meshline, signIn, visit, javaScript }) => {
  const list = `/m/${meshline.merchant().slug}/settings/tokens`;
  const name = `Reports ${javaScript ? "one" : "two"}`;
  const secretOf = async () => (await page.locator(`[aria-label="Copy secret"]`).getAttribute("data-copy")) ?? "";
  const call = async (secret: string) => {
    const answer = await fetch(`${meshline.baseURL}/api/v1/audit?limit=1`, { headers: { authorization: `Bearer ${secret}` } });
    return { status: answer.status, text: await answer.text() };
  };
  await signIn(page, meshline.userWith("engineering").email);
  await visit(page, list);
  await page.getByRole("link", { name: "Make a token" }).click();
  await expectAccessible(page);
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("It ends").selectOption("never");
  await page.getByRole("button", { name: "Make the token" }).click();
  // nothing chosen, and no reason: both stand at their fields, and the name is still there
  await expect(page.getByLabel("Name")).toHaveValue(name);
  await expect(page.getByLabel("Reason, if it never ends")).toHaveAttribute("aria-invalid", "true");
  await expect(page.locator("fieldset")).toContainText("Choose at least one thing");
  await page.getByLabel("Read the audit trail").check();
  await page.getByLabel("It ends").selectOption("30");
  await page.getByRole("button", { name: "Make the token" }).click();
  await expect(page.getByRole("heading", { name: `The secret of “${name}”, this once` })).toBeVisible();
  const first = await secretOf();
  expect(first).toMatch(/^mlk_[0-9a-f]{48}$/);
  await expectAccessible(page);
  expect((await call(first)).status).toBe(200);
  await page.reload();
  expect(await page.content()).not.toContain(first);

  const row = page.getByRole("row").filter({ hasText: name });
  await row.getByRole("button", { name: "Rotate" }).first().click();
  await row.getByRole("dialog").getByRole("button", { name: "Rotate" }).click();
  const second = await secretOf();
  expect(second).not.toBe(first);
  await expect(row).toContainText("the old secret is good");
  expect((await call(first)).status).toBe(200);
  expect((await call(second)).status).toBe(200);

  await row.getByRole("button", { name: "Revoke" }).first().click();
  await row.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await expect(page.getByRole("row").filter({ hasText: name })).toContainText("revoked");
  for (const secret of [first, second]) {
    const refused = await call(secret);
    expect(refused.status).toBe(401);
    expect(refused.text).toContain("revoked");
  }
});
