// A refusal becomes somebody's task; resolving it sends the same thing again.

import { expectAccessible } from "../axe.ts";
import { exported, only, settled } from "../chain.ts";
import { expect, test } from "../fixtures.ts";
import { order } from "../shopify.ts";

test("a task is taken, resolved, and its export goes through", async ({ page, meshline, send, signIn, visit }) => {
  const sent = order({ lines: [{ sku: "LAMP-OUT-OF-STOCK", title: "Lamp, brass", quantity: 1, price: 8_900 }] });
  const { receipt } = await send("orders/create", sent);
  const chain = await settled(meshline, receipt.receipt_id, (chain) => chain.tasks.length > 0);
  const task = only(chain.tasks);
  expect(task.code).toBe("insufficient_inventory");

  await signIn(page, meshline.userWith("supply_chain").email);
  await visit(page, "/");
  const row = page.getByRole("listitem").filter({ hasText: sent.name });
  await expect(row).toContainText("resolving sends 1 export again");
  await row.getByRole("button", { name: `Take: ${task.title}` }).click();
  await expect(page).toHaveURL(new RegExp(`/tasks/${task.id}$`));
  const move = page.getByRole("region", { name: "Your move" });
  await expect(move).toContainText("You have it");
  await expect(page.getByRole("heading", { name: "What to do" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Evidence" })).toBeVisible();
  const thread = page.getByRole("list", { name: "The life of what this is about" });
  await expect(thread.getByRole("link", { name: /^Late: Acknowledgement/ })).toBeVisible();

  await page.getByLabel("What was done").fill("   ");
  await page.getByRole("button", { name: "Resolve", exact: true }).click();
  const note = page.getByLabel("What was done");
  await expect(note).toHaveAttribute("aria-invalid", "true");
  await expectAccessible(page);

  // the count is put right over there, and told here
  const cleared = await fetch(`${meshline.sandboxURL}/_control`, { method: "DELETE" });
  expect(cleared.ok).toBe(true);
  await note.fill("Counted again: twelve in aisle 4.");
  await page.getByRole("button", { name: "Resolve", exact: true }).click();
  await expect(page.locator("main")).toContainText("Counted again: twelve in aisle 4.");
  const after = await exported(meshline, receipt.receipt_id, "completed");
  expect(only(after.exports).attempts.map((one) => one.http_status)).toEqual([422, 200]);
  await visit(page, "/");
  await expect(page.getByRole("listitem").filter({ hasText: sent.name })).toHaveCount(0);
});

test("a task is put aside, taken up again, and handed on", async ({ page, meshline, send, signIn, visit }) => {
  const { receipt } = await send("orders/create", '{"id": 13, "broken": true');
  const chain = await settled(meshline, receipt.receipt_id, (chain) => chain.tasks.length > 0);
  const path = `/m/${meshline.merchant().slug}/tasks/${only(chain.tasks).id}`;
  const state = async () => (await meshline.api<{ state: string; owner: string }>(`/tasks/${only(chain.tasks).id}`));

  await signIn(page, meshline.userWith("engineering").email);
  await visit(page, path);
  await page.getByRole("button", { name: "Snooze…" }).click();
  await page.getByLabel("Until", { exact: true }).selectOption("4h");
  await page.getByRole("button", { name: "Snooze", exact: true }).click();
  await expect(page.getByRole("region", { name: "Nobody’s move for now" })).toBeVisible();
  expect((await state()).state).toBe("snoozed");

  await page.getByRole("button", { name: /^Take: / }).click();
  await expect(page.getByRole("region", { name: "Your move" })).toContainText("You have it");
  await page.getByRole("button", { name: "Reassign…" }).click();
  await page.getByLabel("To", { exact: true }).selectOption("agency:operations");
  await page.getByRole("button", { name: "Reassign", exact: true }).click();
  await expect.poll(async () => (await state()).owner).toBe("agency:operations");
});

test("a viewer sees a task and no way to act on it", async ({ page, meshline, send, signIn, visit }) => {
  const { receipt } = await send("orders/create", '{"id": 14, "broken": true');
  const chain = await settled(meshline, receipt.receipt_id, (chain) => chain.tasks.length > 0);
  await signIn(page, meshline.userWith("viewer").email);
  await visit(page, `/m/${meshline.merchant().slug}/tasks/${only(chain.tasks).id}`);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  const main = page.locator("main");
  await expect(main.getByRole("button", { name: /take|resolve|snooze|reassign/i })).toHaveCount(0);
  await expect(main.locator("form")).toHaveCount(0);
});
