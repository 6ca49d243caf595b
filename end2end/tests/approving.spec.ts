// Around a decision: questions, comments, reminders, several at once, standing in, and overriding under a signature.

import { createPublicKey, verify } from "node:crypto";

import { expectAccessible } from "../axe.ts";
import { exported, only } from "../chain.ts";
import { expect, test } from "../fixtures.ts";
import type { Meshline } from "../meshline.ts";
import { order } from "../shopify.ts";

type Send = (topic: string, payload: unknown) => Promise<{ receipt: { receipt_id: string } }>;

async function waiting(meshline: Meshline, send: Send) {
  const sent = order({ lines: [{ sku: "SOFA-3-OAK", title: "Three-seat sofa, oak", quantity: 1, price: 129_000 }] });
  const { receipt } = await send("orders/create", sent);
  const chain = await exported(meshline, receipt.receipt_id, "awaiting_approval");
  const one = only(chain.exports);
  const home = `/m/${meshline.merchant().slug}`;
  return { sent, receipt: receipt.receipt_id, home, export: one.id, path: `${home}/approvals/${only(one.approvals).id}` };
}

test("a question waits for its answer, which stands beside the decision", async ({ page, meshline, send, signIn, visit }) => {
  const { path, home, sent } = await waiting(meshline, send);
  const asker = meshline.userWith("operations");
  const asked = meshline.userWith("logistics");
  await signIn(page, asker.email);
  await visit(page, path);
  await page.getByRole("button", { name: "Ask first…" }).click();
  const form = page.getByRole("dialog", { name: "Ask before you decide" });
  const name = await form.getByLabel("Whom").locator("option", { hasNotText: "Choose somebody" }).allTextContents();
  expect(name.length).toBeGreaterThan(1);
  const first = (asked.email.split("@")[0] ?? "").toLowerCase();
  await form.getByLabel("Whom").selectOption({ label: name.find((one) => one.toLowerCase().includes(first)) ?? "" });
  await form.getByLabel("What you need to know").fill("Is the lift booked?");
  await form.getByRole("button", { name: "Ask" }).click();
  await expect(page.getByRole("status").filter({ hasText: "The clock waits" })).toBeVisible();
  await expect(page.locator("#question")).toContainText("Is the lift booked?");
  await expectAccessible(page);

  await page.context().clearCookies();
  await signIn(page, asked.email);
  await visit(page, `${home}/queue`);
  await expect(page.locator("main")).toContainText(`Answer before it is approved: `);
  await visit(page, path);
  await page.getByLabel("Your answer").fill("  ");
  await page.getByRole("button", { name: "Answer" }).click();
  await expect(page.getByLabel("Your answer")).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("Your answer").fill("Yes, for Tuesday.");
  await page.getByRole("button", { name: "Answer" }).click();
  await expect(page.locator("#question")).toHaveCount(0);
  await expect(page.locator("#talk")).toContainText("Yes, for Tuesday.");

  await page.getByLabel("Comment").fill("Thank you.");
  await page.getByRole("button", { name: "Say it", exact: true }).click();
  await expect(page.locator("#talk")).toContainText("Thank you.");
  await page.getByRole("button", { name: "Remind" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Reminded" })).toBeVisible();
  await page.getByRole("button", { name: "Remind" }).click();
  await expect(page.locator("main")).toContainText("It was reminded a moment ago");
  expect(sent.name).toBeTruthy();
});

test("somebody who looks is seen, and stops nobody", async ({ page, browser, meshline, send, signIn, visit }) => {
  const { path } = await waiting(meshline, send);
  await signIn(page, meshline.userWith("operations").email);
  await visit(page, path);
  await expect(page.getByText("is looking at this")).toHaveCount(0);
  await page.getByRole("button", { name: "Say that you are looking" }).click();
  const other = await browser.newContext();
  const second = await other.newPage();
  await signIn(second, meshline.userWith("marketing_ops").email);
  await visit(second, path);
  await expect(second.getByText("is looking at this")).toBeVisible();
  await other.close();
  await page.getByRole("button", { name: "Approve as Operations" }).click();
  await expect(page.getByRole("button", { name: /^Approve as/ })).toHaveCount(0);
});

test("several that are alike are approved at once, each by itself", async ({ page, meshline, send, signIn, visit }) => {
  const [one, two] = [await waiting(meshline, send), await waiting(meshline, send)];
  await signIn(page, meshline.userWith("operations").email);
  await visit(page, `${one.home}/approvals`);
  const form = page.locator("form[action='/ui/approval/alike']").filter({ hasText: one.sent.name });
  await expect(form).toContainText("alike wait on you");
  await form.getByRole("button", { name: "Approve what is ticked" }).click();
  await expect(page.locator("main")).toContainText("Choose at least one");
  await expectAccessible(page);
  for (const sent of [one.sent, two.sent]) await form.getByRole("checkbox", { name: new RegExp(`${sent.name}$`) }).check();
  await form.getByRole("button", { name: "Approve what is ticked" }).click();
  await expect(page.getByRole("status").filter({ hasText: "2 approved." })).toBeVisible();
  for (const each of [one, two]) await exported(meshline, each.receipt, "completed");
});

test("somebody decides for one who is away", async ({ page, meshline, signIn, visit, javaScript }) => {
  await signIn(page, meshline.userWith("operations").email);
  await visit(page, "/account");
  const card = page.locator("#away");
  const options = await card.getByLabel("Who decides for you").locator("option").allTextContents();
  expect(options.length).toBeGreaterThan(1);
  await card.getByLabel("Who decides for you").selectOption({ index: 1 });
  await card.getByLabel("From").fill(javaScript ? "2036-01-01T09:00" : "2037-01-01T09:00");
  await card.getByLabel("Until").fill("2035-01-01T09:00");
  await card.getByRole("button", { name: "Let them decide" }).click();
  await expect(card.getByLabel("Until")).toHaveAttribute("aria-invalid", "true");
  await card.getByLabel("Until").fill(javaScript ? "2036-01-09T09:00" : "2037-01-09T09:00");
  await card.getByRole("button", { name: "Let them decide" }).click();
  await expect(card).toContainText("decides for you");
  await expectAccessible(page);
  await card.getByRole("button", { name: "End" }).first().click();
  await expect(page.getByRole("status").filter({ hasText: "Ended" })).toBeVisible();
});

test("an override is signed, and can be checked with the trail alone", async ({ page, meshline, send, signIn, visit }) => {
  const { home, export: id } = await waiting(meshline, send);
  await signIn(page, meshline.userWith("admin").email);
  await visit(page, `${home}/exports/${id}`);
  await page.getByRole("link", { name: "Override…" }).click();
  await page.getByLabel("note").fill("Leave it with the neighbour");
  await page.getByLabel("Why").fill("   ");
  await page.getByRole("button", { name: "Sign and override" }).click();
  await expect(page.getByLabel("Why")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("note")).toHaveValue("Leave it with the neighbour");
  await expectAccessible(page);
  await page.getByLabel("Why").fill("The customer called.");
  await page.getByRole("button", { name: "Sign and override" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Signed" })).toBeVisible();
  await expect(page.locator("main")).toContainText("The customer called.");
  const made = page.url().split("/").at(-1) ?? "";
  expect(made).not.toBe(id);

  const trail = await meshline.api<{ items: { action: string; detail: { signature?: Record<string, string> } }[] }>(
    `/audit?subject_kind=export&subject_id=${made}`,
  );
  const said = trail.items.find((one) => one.action === "export.overridden")?.detail.signature ?? {};
  const raw = Buffer.from(said["public_key"] ?? "", "base64");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") }, format: "jwk" });
  expect(verify(null, Buffer.from(said["signed"] ?? ""), key, Buffer.from(said["value"] ?? "", "base64"))).toBe(true);
  expect(verify(null, Buffer.from(`${said["signed"]} `), key, Buffer.from(said["value"] ?? "", "base64"))).toBe(false);
  await visit(page, `${home}/audit/keys`);
  await expect(page.locator("main")).toContainText(said["key_id"] ?? "-");
  await visit(page, "/account");
  await expect(page.locator("#key")).toContainText(said["key_id"] ?? "-");
});
