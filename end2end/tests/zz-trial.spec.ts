import { expect, test } from "../fixtures.ts";
import { order } from "../shopify.ts";
import { expectAccessible } from "../axe.ts";
test("trial", async ({ page, signIn, send, visit, meshline }) => {
  const sent = await send("orders/create", order());
  expect(sent.receipt.status).toBe("accepted");
  expect((await send("orders/create", order(), { secret: "x" })).status).toBe(401);
  await signIn(page);
  await visit(page, `/m/${meshline.merchant().slug}/receipts/${sent.receipt.receipt_id}`);
  console.log(await page.title(), JSON.stringify(await meshline.api(`/receipts/${sent.receipt.receipt_id}`)).slice(0, 300));
  await expectAccessible(page);
});
