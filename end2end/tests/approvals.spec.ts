// Who may say yes, how no is said, and that two means two.

import type { Page } from "@playwright/test";

import { expectAccessible } from "../axe.ts";
import { exported, only, settled } from "../chain.ts";
import { expect, test } from "../fixtures.ts";
import type { Meshline } from "../meshline.ts";
import { order } from "../shopify.ts";

const expensive = () => order({ lines: [{ sku: "SOFA-3-OAK", title: "Three-seat sofa, oak", quantity: 1, price: 129_000 }] });

/** An order that waits for a person. */
async function waiting(meshline: Meshline, send: (topic: string, payload: unknown) => Promise<{ receipt: { receipt_id: string } }>) {
  const sent = expensive();
  const { receipt } = await send("orders/create", sent);
  const chain = await exported(meshline, receipt.receipt_id, "awaiting_approval");
  const approval = only(only(chain.exports).approvals);
  return { sent, receipt: receipt.receipt_id, path: `/m/${meshline.merchant().slug}/approvals/${approval.id}` };
}

test("the right person approves from the queue", async ({ page, meshline, send, signIn, visit }) => {
  const { sent, receipt } = await waiting(meshline, send);
  await signIn(page, meshline.userWith("operations").email);
  await visit(page, "/");
  const row = page.getByRole("listitem").filter({ hasText: sent.name });
  await expect(row).toContainText("is over $500.00");
  await row.getByRole("link", { name: "Review" }).click();
  await expect(page.getByRole("region", { name: "Your move" })).toBeVisible();
  await expect(page.getByRole("row", { name: /SOFA-3-OAK/ })).toContainText("$1,290.00");
  await page.getByRole("button", { name: "Approve as Operations" }).click();

  await expect(page.getByRole("status").filter({ hasText: "Approved" })).toBeVisible();
  await expect(page.getByRole("button", { name: /^Approve as/ })).toHaveCount(0);
  const chain = await exported(meshline, receipt, "completed");
  expect(only(only(chain.exports).approvals).state).toBe("approved");
  await visit(page, "/");
  await expect(page.getByRole("listitem").filter({ hasText: sent.name })).toHaveCount(0);
});

test("declining asks why, at the field", async ({ page, meshline, send, signIn, visit }) => {
  const { sent, receipt, path } = await waiting(meshline, send);
  await signIn(page, meshline.userWith("operations").email);
  await visit(page, "/");
  const row = page.getByRole("listitem").filter({ hasText: sent.name });
  await row.getByRole("link", { name: "Decline" }).click();
  await expect(page).toHaveURL(new RegExp(path));
  // blanks get past the browser's own check
  await page.getByLabel("Reason").fill("   ");
  await page.getByRole("button", { name: "Decline", exact: true }).click();
  const reason = page.getByLabel("Reason");
  await expect(reason).toHaveAttribute("aria-invalid", "true");
  await expect(reason).toHaveAccessibleDescription(/reason|why/i);
  await expect(reason).toBeVisible();
  await expectAccessible(page);
  expect(only((await exported(meshline, receipt, "awaiting_approval")).exports).attempts).toEqual([]);

  await reason.fill("The address is a building site.");
  await page.getByRole("button", { name: "Decline", exact: true }).click();
  await expect(page.locator("main")).toContainText("The address is a building site.");
  const chain = await settled(meshline, receipt, (chain) => chain.tasks.length > 0);
  expect(only(chain.exports)).toMatchObject({ state: "declined", attempts: [] });
  expect(only(chain.tasks).code).toBe("declined");
});

test("somebody else sees whose move it is, and no buttons", async ({ page, meshline, send, signIn, visit }) => {
  const { sent, path } = await waiting(meshline, send);
  await signIn(page, meshline.userWith("marketing_ops").email);
  await visit(page, "/");
  await expect(page.getByRole("listitem").filter({ hasText: sent.name })).toHaveCount(0);
  await visit(page, path);
  await expect(page.getByRole("heading", { level: 1 })).toContainText(sent.name);
  await expect(page.getByRole("region", { name: "Operations’ move" })).toBeVisible();
  await expect(page.getByRole("button", { name: /approve/i })).toHaveCount(0);
  await expect(page.getByRole("button", { name: /decline/i })).toHaveCount(0);
});

test("a decision on something that was decided meanwhile is refused in words", async ({ page, context, meshline, send, signIn, visit, javaScript }) => {
  const { path } = await waiting(meshline, send);
  await signIn(page, meshline.userWith("operations").email);
  await visit(page, path);
  const second = await context.newPage();
  await second.goto(path);
  await second.getByRole("button", { name: "Approve as Operations" }).click();
  await expect(second.getByRole("button", { name: /^Approve as/ })).toHaveCount(0);
  const button = page.getByRole("button", { name: "Approve as Operations" });
  if (javaScript) {
    // the other tab is told
    await expect(button).toHaveCount(0);
    return;
  }
  await button.click();
  await expect(page.locator("main")).toContainText(/approved|decided/i);
  await expect(page.getByRole("button", { name: /^Approve as/ })).toHaveCount(0);
});

test("a promotion needs two people, and neither of them wrote it", async ({ page, meshline, signIn, visit, javaScript }) => {
  const home = `/m/${meshline.merchant().slug}`;
  const title = `Winter kit ${javaScript ? "with" : "without"} scripts`;
  const handle = `winter-kit-${javaScript ? "js" : "nojs"}`;
  // marketing ops may approve the first step of anything but what they wrote themselves
  const author = meshline.userWith("marketing_ops").email;
  await signIn(page, author);
  await visit(page, `${home}/flows`);
  await page.getByRole("link", { name: "Promotion go-live" }).first().click();

  await page.getByLabel("Title").fill(title);
  await page.getByLabel("Campaign id").fill("Winter Kit!");
  await page.getByLabel("Offer").fill("20 % off the winter kit");
  await page.getByLabel("Discount in percent").fill("95");
  await page.getByLabel("SKUs").fill("KIT-WINTER-01, KIT-WINTER-02");
  await page.getByLabel("Landing page").fill("http://alder-pine.example/winter");
  await page.getByLabel("Starts").fill("2036-11-27T15:00");
  await page.getByLabel("Ends").fill("2036-11-20T15:00");
  await page.getByLabel("Why now?").fill("Stock is in since Monday.");
  await page.getByRole("button", { name: "Send it for approval" }).click();
  for (const label of ["Campaign id", "Discount in percent", "Landing page"]) await faulty(page, label);
  await expect(page.getByLabel("Campaign id")).toHaveValue("Winter Kit!");
  await expect(page.getByLabel("Title")).toHaveValue(title);
  await expect(page.getByLabel("Title")).not.toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("Discount in percent")).toHaveValue("95");
  await expect(page.getByLabel("SKUs")).toHaveValue("KIT-WINTER-01, KIT-WINTER-02");
  await expect(page.getByLabel("Starts")).toHaveValue(/^2036-11-27T15:00/);
  await expect(page.getByLabel("Why now?")).toHaveValue("Stock is in since Monday.");
  await expectAccessible(page);

  await page.getByLabel("Campaign id").fill(handle);
  await page.getByLabel("Discount in percent").fill("20");
  await page.getByLabel("Landing page").fill("https://alder-pine.example/winter");
  await page.getByRole("button", { name: "Send it for approval" }).click();
  await faulty(page, "Ends");
  await expect(page.getByLabel("Campaign id")).toHaveValue(handle);
  await page.getByLabel("Ends").fill("2036-11-30T15:00");
  await page.getByRole("button", { name: "Send it for approval" }).click();
  await expect(page).toHaveURL(/\/exports\/[0-9a-f-]{36}$/);
  const id = await promoted(meshline, title);

  const steps = await approvals(meshline, id);
  expect(steps.map((one) => [one.step, one.state])).toEqual([[1, "pending"], [2, "queued"]]);
  const first = `${home}/approvals/${steps[0]?.id}`;
  await visit(page, first);
  await expect(page.getByRole("button", { name: /approve/i }), "the author").toHaveCount(0);

  await asSomebodyElse(page, signIn, "elena@northbeam.example");
  await visit(page, first);
  await expect(page.getByRole("button", { name: /approve/i }), "not asked").toHaveCount(0);
});

/** The error stands at the field, and is read out with it. */
async function faulty(page: Page, label: string) {
  const field = page.getByLabel(label);
  await expect(field, label).toHaveAttribute("aria-invalid", "true");
  await expect(field, label).toHaveAccessibleDescription(/.{10,}/);
}

async function approvals(meshline: Meshline, id: string) {
  const { approvals } = await meshline.api<{ approvals: { id: string; step: number; state: string }[] }>(`/exports/${id}`);
  return approvals;
}

async function asSomebodyElse(page: Page, signIn: (page: Page, email?: string) => Promise<void>, email: string) {
  await page.context().clearCookies();
  await signIn(page, email);
}

test("two people in turn set a promotion live", async ({ page, meshline, signIn, visit, javaScript }) => {
  const home = `/m/${meshline.merchant().slug}`;
  await signIn(page, meshline.userWith("merchandising").email);
  await visit(page, `${home}/flows`);
  await page.getByRole("link", { name: "Promotion go-live" }).first().click();
  const title = "Wool week";
  await page.getByLabel("Title").fill(title);
  await page.getByLabel("Campaign id").fill(`wool-week-${javaScript ? "js" : "nojs"}`);
  await page.getByLabel("Offer").fill("15 % off everything wool");
  await page.getByLabel("Discount in percent").fill("15");
  await page.getByLabel("SKUs").fill("THROW-WOOL-GRY");
  await page.getByLabel("Landing page").fill("https://alder-pine.example/wool");
  await page.getByLabel("Starts").fill("2036-12-01T08:00");
  await page.getByLabel("Ends").fill("2036-12-08T08:00");
  await page.getByRole("button", { name: "Send it for approval" }).click();
  await expect(page).toHaveURL(/\/exports\/[0-9a-f-]{36}$/);
  const id = await promoted(meshline, title);

  for (const [role, words] of [["marketing_ops", "Marketing ops"], ["operations", "Operations"]] as const) {
    await asSomebodyElse(page, signIn, meshline.userWith(role).email);
    await visit(page, "/");
    const row = page.getByRole("listitem").filter({ hasText: title });
    await row.getByRole("link", { name: "Review" }).click();
    await expect(page.locator("main")).toContainText("THROW-WOOL-GRY");
    await page.getByRole("button", { name: `Approve as ${words}` }).click();
    await expect(page.getByRole("button", { name: /^Approve as/ })).toHaveCount(0);
  }
  await expect
    .poll(async () => (await meshline.api<{ state: string }>(`/exports/${id}`)).state, { timeout: 60_000 })
    .toMatch(/acknowledged|completed/);
  const decided = await meshline.api<{ approvals: { decided_by: string }[] }>(`/exports/${id}`);
  expect(new Set(decided.approvals.map((one) => one.decided_by)).size).toBe(2);
});

/** The export that sets a promotion live: it is made once the stock is held. */
async function promoted(meshline: Meshline, title: string): Promise<string> {
  let found: string | undefined;
  await expect
    .poll(
      async () => {
        const { items } = await meshline.api<{ items: { id: string; title: string }[] }>("/exports?state=awaiting_approval");
        found = items.find((one) => one.title.includes(title))?.id;
        return found;
      },
      { timeout: 60_000 },
    )
    .toBeTruthy();
  return found ?? "";
}
