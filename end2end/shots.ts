// Pictures of the pages, wide and narrow, light and dark, in end2end/shots/: look at them before calling a page done.
//
//   npm run shots                          the pages below, and the first row of each list
//   SHOTS=/login,/m/acme/orders npm run shots    only these

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import type { Page } from "@playwright/test";

import { hydrated, test } from "./fixtures.ts";
import { order } from "./shopify.ts";

const folder = join(import.meta.dirname, "shots");
const lists = ["queue", "orders", "receipts", "exports", "approvals", "tasks", "connections", "audit"];
const sizes = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];

test("shots", async ({ page, meshline, send, signIn }) => {
  mkdirSync(folder, { recursive: true });
  const only = process.env["SHOTS"]?.split(",").filter(Boolean);
  await send("orders/create", order());
  await send("orders/create", order({ lines: [{ sku: "COAT-CML-L", title: "Wool coat, camel, L", quantity: 3, price: 42_000 }] }));

  if (!only || only.includes("/login")) await shoot(page, "/login");
  await signIn(page);
  const home = `/m/${meshline.merchant().slug}`;
  for (const path of only?.filter((path) => path !== "/login") ?? ["/", ...lists.map((list) => `${home}/${list}`)]) {
    await shoot(page, path);
    const first = only ? null : await firstRow(page, path);
    if (first) await shoot(page, first, `${path}/first`);
  }
});

/** Where the first row of a list leads. */
async function firstRow(page: Page, list: string): Promise<string | null> {
  const links = await page.locator("main a[href]").evaluateAll((all) => all.map((link) => link.getAttribute("href") ?? ""));
  return links.find((link) => link.startsWith(`${list}/`) && !link.includes("?")) ?? null;
}

async function shoot(page: Page, path: string, name = path): Promise<void> {
  const stem = name.replaceAll(/[^a-z0-9]+/gi, "-").replaceAll(/^-|-$/g, "") || "home";
  for (const viewport of sizes) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.goto(path);
      await hydrated(page);
      await page.screenshot({ path: join(folder, `${stem}-${viewport.width}-${colorScheme}.png`), fullPage: true });
    }
  }
}
