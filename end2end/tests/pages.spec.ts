// Every page there is: light and dark, wide and narrow, axe finds nothing, the console is quiet, and nothing is asked
// for anywhere but here.

import type { Page } from "@playwright/test";

import { expectAccessible } from "../axe.ts";
import { exported, settled } from "../chain.ts";
import { expect, test } from "../fixtures.ts";
import { order } from "../shopify.ts";

const lists = ["queue", "orders", "receipts", "exports", "approvals", "tasks", "flows", "contracts", "connections", "audit"];
const sizes = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

test.describe.configure({ timeout: 1_800_000 });

for (const [name, viewport] of Object.entries(sizes)) {
  test(`every page is sound on a ${name}`, async ({ page, meshline, send, signIn, visit, javaScript }) => {
    await page.setViewportSize(viewport);
    await visit(page, "/login");
    await check(page, "/login");

    const good = await send("orders/create", order());
    const dear = await send("orders/create", order({ lines: [{ sku: "BED-OAK-180", title: "Bed, oak, 180", quantity: 1, price: 189_000 }] }));
    const refused = await send("orders/create", order({ lines: [{ sku: "VASE-OUT-OF-STOCK", title: "Vase", quantity: 1, price: 3_900 }] }));
    const broken = await send("orders/create", '{"id": 15, "broken": true');
    await exported(meshline, good.receipt.receipt_id, "completed");
    const waiting = await exported(meshline, dear.receipt.receipt_id, "awaiting_approval");
    await settled(meshline, refused.receipt.receipt_id, (chain) => chain.tasks.length > 0);

    await signIn(page, meshline.userWith("admin").email);
    const home = `/m/${meshline.merchant().slug}`;
    const paths = ["/", ...lists.map((list) => `${home}/${list}`)];
    for (const path of paths) {
      await visit(page, path);
      await check(page, path);
      const first = await firstOf(page, path);
      if (first) {
        await visit(page, first);
        await check(page, first);
      }
    }
    const { items: flows } = await meshline.api<{ items: { id: string; key: string }[] }>("/flows");
    const flow = flows.find((one) => one.key === "order-to-ship")?.id;
    const more = [
      "/o/northbeam-commerce-ops",
      "/o/northbeam-commerce-ops?show=late",
      "/o/northbeam-commerce-ops/people",
      "/o/northbeam-commerce-ops/settings",
      "/o/northbeam-commerce-ops/merchants/new",
      "/o/northbeam-commerce-ops/templates",
      "/o/northbeam-commerce-ops/templates/new?from=alder-pine",
      `${home}/receipts/${good.receipt.receipt_id}`,
      `${home}/receipts/${broken.receipt.receipt_id}`,
      `${home}/orders/${waiting.order_id}`,
      `${home}/exports/${waiting.exports[0]?.id}`,
      `${home}/exports/${waiting.exports[0]?.id}/override`,
      `${home}/audit/keys`,
      `${home}/connections/new`,
      `${home}/people/cover`,
      `${home}/people/cover/rotations/new`,
      `${home}/people/cover/calendars/new`,
      `${home}/people/cover/policies/new`,
      `${home}/people/cover/roles/agency:finance`,
      `${home}/flows/template`,
      `${home}/flows/import`,
      `${home}/flows/order-to-ship/compare`,
      `${home}/flows/${flow}/playbook`,
      `${home}/runs/${waiting.runs[0]?.id}`,
      `${home}/reports`,
      `${home}/reports/coordination`,
      `${home}/reports/stalls`,
      `${home}/settings/slack`,
      `${home}/settings/audit`,
      `${home}/briefs`,
      `${home}/contracts/new`,
      `${home}/settings/retention`,
      `${home}/reports/integrations`,
      `${home}/raci`,
      `${home}/ownership`,
      `${home}/ownership/audit`,
      `${home}/search?q=oak`,
      `${home}/orders?q=nothing-like-that`,
      `${home}/audit?verify=1`,
      "/m/nowhere/orders",
    ];
    for (const path of more) {
      await visit(page, path);
      await check(page, path);
    }
    // somebody with nothing to do
    await page.context().clearCookies();
    await signIn(page, meshline.userWith("viewer").email);
    for (const path of ["/", `${home}/queue`]) {
      await visit(page, path);
      await check(page, path);
    }
    expect(javaScript).toBeDefined();
  });
}

async function check(page: Page, path: string): Promise<void> {
  await test.step(path, async () => {
    await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(over, `${path} is wider than the screen`).toBeLessThanOrEqual(0);
    await expectAccessible(page);
  });
}

/** Where the first row of a list leads. */
async function firstOf(page: Page, list: string): Promise<string | null> {
  const links = await page.locator("main a[href]").evaluateAll((all) => all.map((link) => link.getAttribute("href") ?? ""));
  return links.find((link) => link.startsWith(`${list}/`) && !link.includes("?") && !link.endsWith("/new")) ?? null;
}
