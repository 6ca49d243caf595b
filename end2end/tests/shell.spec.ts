// What every page has: the look, the keys, what ticks and what comes by itself.

import { exported, settled } from "../chain.ts";
import { expect, hydrated, test } from "../fixtures.ts";
import { order } from "../shopify.ts";

const expensive = () => order({ lines: [{ sku: "DESK-OAK-L", title: "Desk, oak, large", quantity: 1, price: 99_000 }] });

test("the look is chosen once and stays", async ({ page, signIn, visit }) => {
  await signIn(page);
  await visit(page, "/");
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  for (const [label, theme, colour] of [["Dark", "dark", "rgb(15, 17, 19)"], ["Light", "light", "rgb(247, 247, 245)"]] as const) {
    await page.getByRole("button", { name: /^Account of/ }).click();
    await page.getByRole("button", { name: label, exact: true }).click();
    await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
    await visit(page, "/");
    await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
    await expect.poll(background).toBe(colour);
  }
  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("button", { name: "As the system" }).click();
  await expect(page.locator("html")).not.toHaveAttribute("data-theme", /.+/);
  await page.emulateMedia({ colorScheme: "dark" });
  await expect.poll(background).toBe("rgb(15, 17, 19)");
});

test("another merchant's pages are not there", async ({ page, meshline, send, signIn }) => {
  const { receipt } = await send("orders/create", order(), { merchant: "brightwell" });
  const chain = await meshline.api<{ id: string }>(`/receipts/${receipt.receipt_id}`, { merchant: "brightwell" });
  // Hannah belongs to the first merchant only
  await signIn(page, meshline.userWith("viewer").email);
  const foreign = [
    "/m/brightwell/orders",
    "/m/brightwell/queue",
    `/m/brightwell/receipts/${chain.id}`,
    `/m/${meshline.merchant().slug}/receipts/${chain.id}`,
  ];
  const said = new Set<string>();
  for (const path of [...foreign, "/m/no-such-merchant/orders", "/m/no-such-merchant/queue"]) {
    const answer = await page.goto(path);
    expect(answer?.status(), path).toBe(404);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    if (!path.includes("receipts")) said.add(await page.locator("main").innerText());
  }
  expect(said.size, "a foreign merchant reads like none").toBe(1);
  await expect(page.locator("body")).not.toContainText("Brightwell");
});

test("every page says where it is and lets one skip to it", async ({ page, meshline, signIn, visit }) => {
  await signIn(page);
  await visit(page, `/m/${meshline.merchant().slug}/orders`);
  await expect(page).toHaveTitle(/· Meshline$/);
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to content" });
  await expect(skip).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/#main$/);
  await expect(page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Orders" })).toHaveAttribute("aria-current", "page");
});

test("the queue is worked by keys", async ({ page, meshline, send, signIn, visit, javaScript }) => {
  test.skip(!javaScript, "keys need a script");
  for (let n = 0; n < 2; n++) {
    const { receipt } = await send("orders/create", expensive());
    await exported(meshline, receipt.receipt_id, "awaiting_approval");
  }
  await signIn(page, meshline.userWith("operations").email);
  await visit(page, "/");
  const rows = page.locator("[data-keys-list] [data-row]");
  await expect(rows.nth(0)).toHaveAttribute("data-selected", "");
  await page.keyboard.press("j");
  await expect(rows.nth(1)).toHaveAttribute("data-selected", "");
  await expect(rows.nth(0)).not.toHaveAttribute("data-selected", "");
  await page.keyboard.press("k");
  await expect(rows.nth(0)).toHaveAttribute("data-selected", "");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeHidden();
  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox").first()).toBeFocused();
  // in a field, letters are letters
  await page.keyboard.type("jd");
  await expect(page.getByRole("searchbox").first()).toHaveValue("jd");
  await page.keyboard.press("Escape");
  await visit(page, "/");
  await page.keyboard.press("j");
  const second = await rows.nth(1).locator("a[data-open]").getAttribute("href");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(`${meshline.baseURL}${second}`);
  await hydrated(page);
  await page.keyboard.press("d");
  await expect(page.getByRole("dialog", { name: "Why not?" })).toBeVisible();
});

test("what happens elsewhere comes by itself", async ({ page, meshline, send, signIn, visit, javaScript }) => {
  test.skip(!javaScript, "without a script a page is as it was asked for");
  await signIn(page, meshline.userWith("operations").email);
  await visit(page, "/");
  await expect(page.locator("[data-live-dot]")).toHaveAttribute("data-state", "on");
  // a pointer on a list would hold it still
  await page.mouse.move(0, 0);
  await page.evaluate(() => Object.assign(globalThis, { stillHere: true }));
  const sent = expensive();
  const { receipt } = await send("orders/create", sent);
  await exported(meshline, receipt.receipt_id, "awaiting_approval");
  await expect(page.getByRole("listitem").filter({ hasText: sent.name })).toBeVisible();
  expect(await page.evaluate(() => "stillHere" in globalThis), "without a reload").toBe(true);
});

test("countdowns tick, once a second", async ({ page, meshline, send, signIn, visit, javaScript }) => {
  test.skip(!javaScript, "ticking needs a script");
  const sent = expensive();
  const { receipt } = await send("orders/create", sent);
  await settled(meshline, receipt.receipt_id, (chain) => chain.exports[0]?.state === "awaiting_approval");
  await signIn(page, meshline.userWith("operations").email);
  await visit(page, "/");
  const clock = page.locator("[data-row]").filter({ hasText: sent.name }).locator("[data-deadline] [data-text]").first();
  const seconds = async () => {
    const [minutes, rest] = (await clock.innerText()).split(":").map(Number);
    return (minutes ?? 0) * 60 + (rest ?? 0);
  };
  const began = Date.now();
  const before = await seconds();
  await expect.poll(seconds).toBeLessThan(before);
  await expect.poll(seconds).toBeLessThan(before - 1);
  const passed = before - (await seconds());
  expect(passed).toBeLessThanOrEqual(Math.ceil((Date.now() - began) / 1_000) + 1);
});
