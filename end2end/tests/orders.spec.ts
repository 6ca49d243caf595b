// An order, from the webhook to the page that says whose move it is.

import { exported, only } from "../chain.ts";
import { expect, test } from "../fixtures.ts";
import { order } from "../shopify.ts";

test("an order appears with its thread, and every station leads on", async ({ page, meshline, send, signIn, visit }) => {
  const sent = order();
  const { receipt } = await send("orders/paid", sent);
  expect(receipt.status).toBe("accepted");
  const chain = await exported(meshline, receipt.receipt_id, "completed");
  await signIn(page, meshline.userWith("logistics").email);
  const home = `/m/${meshline.merchant().slug}`;

  await visit(page, `${home}/orders?q=${sent.order_number}`);
  await page.getByRole("link", { name: sent.name, exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText(sent.name);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("$70.00");
  const thread = page.getByRole("list", { name: `The life of order ${sent.name}` });
  for (const [station, href] of [
    ["Receipt", `${home}/receipts/${receipt.receipt_id}`],
    ["Order", `${home}/orders/${chain.order_id}`],
    ["Checks", `${home}/exports/${only(chain.exports).id}`],
    ["Delivery", `${home}/exports/${only(chain.exports).id}`],
    ["Acknowledgement", `${home}/exports/${only(chain.exports).id}`],
  ] as const) {
    // read aloud, a station begins with its state
    const link = thread.getByRole("link", { name: new RegExp(`^Done: ${station}`) });
    await expect(link).toHaveAttribute("href", href);
  }
  await expect(thread.getByText("shipped")).toBeVisible();
  for (const title of ["Items", "Money", "Payment", "Shipments", "Receipts"]) {
    await expect(page.getByRole("heading", { name: title, exact: true })).toBeVisible();
  }
  await expect(page.getByRole("row", { name: /TEE-NVY-M/ })).toContainText("$32.00");

  await thread.getByRole("link", { name: /^Done: Delivery/ }).click();
  await expect(page).toHaveURL(new RegExp(`/exports/${only(chain.exports).id}$`));
  await expect(page.getByRole("heading", { level: 1 })).toContainText(sent.name);
  await page.goBack();
  await thread.getByRole("link", { name: /^Done: Receipt/ }).click();
  await expect(page).toHaveURL(new RegExp(`/receipts/${receipt.receipt_id}$`));
  await expect(page.locator("main")).toContainText("orders/paid");
});

test("a broken delivery is kept, and its receipt says what does not fit", async ({ page, meshline, send, signIn, visit }) => {
  const { receipt } = await send("orders/create", '{"id": 12, "currency": "USD"');
  expect(receipt.status).toBe("quarantined");
  await signIn(page, meshline.userWith("engineering").email);
  await visit(page, `/m/${meshline.merchant().slug}/receipts/${receipt.receipt_id}`);
  await expect(page.locator("main")).toContainText(/quarantined/i);
  await expect(page.locator("main")).toContainText('{"id": 12, "currency": "USD"');
  // the same deliveries are the same page
  const again = await send("orders/create", '{"id": 12, "currency": "USD"', { secret: "not the secret" });
  expect(again.status).toBe(401);
});

test("a list is searched and filtered by its address", async ({ page, meshline, send, signIn, visit }) => {
  const [one, two] = [order(), order()];
  const receipts = [await send("orders/create", one), await send("orders/create", two)];
  for (const { receipt } of receipts) await exported(meshline, receipt.receipt_id, "completed");
  await signIn(page, meshline.userWith("logistics").email);
  await visit(page, `/m/${meshline.merchant().slug}/orders`);
  const search = page.getByRole("searchbox", { name: /^Find by name/ });
  await search.fill(String(one.order_number));
  await search.press("Enter");
  await expect(page).toHaveURL(new RegExp(`q=${one.order_number}`));
  await expect(page.getByRole("link", { name: one.name, exact: true })).toBeVisible();
  await expect(page.getByRole("link", { name: two.name, exact: true })).toHaveCount(0);
  await visit(page, `/m/${meshline.merchant().slug}/orders?q=${one.order_number}&state=cancelled`);
  await expect(page.getByRole("link", { name: one.name, exact: true })).toHaveCount(0);
  await expect(page.locator("main")).toContainText(/no order/i);
});
