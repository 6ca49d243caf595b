// What others write is text. Whoever sends a webhook, is invited, or works here and names things puts markup into every
// field there is; then every page that can be reached is opened, and nothing of it may come alive: no dialog, no element,
// no handler, no request, and no complaint of the content policy (which the fixtures turn into a failure).

import type { Page } from "@playwright/test";

import { exported } from "../chain.ts";
import { expect, test } from "../fixtures.ts";
import { order } from "../shopify.ts";

// the others look for names that are as they were
test.use({ installation: "markup" });

/** Names what came alive; in no page of ours. */
const MARK = "pwn7";
const PAYLOADS = [
  `"><img src=x onerror=alert('${MARK}')>`,
  `</script><script>alert('${MARK}')</script>`,
  `</title></textarea><svg onload=alert('${MARK}')>`,
  `' autofocus onfocus=alert('${MARK}') x='`,
  `<iframe srcdoc="<script>alert('${MARK}')</script>">`,
  `<a href="javascript:alert('${MARK}')">${MARK}</a>`,
];
let turn = 0;
/** The next one, behind words that tell things apart. */
const nasty = (words = "") => `${words}${PAYLOADS[turn++ % PAYLOADS.length]}`;

/** Of pages that are alike (an order, another order) so many are opened. */
const OF_A_KIND = 3;

test("nothing that anybody writes comes alive on any page", async ({ page, browser, meshline, send, signIn, visit, javaScript }) => {
  test.setTimeout(1_200_000);
  page.setDefaultTimeout(20_000);
  const dialogs: string[] = [];
  page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  const merchant = meshline.merchant();
  const home = `/m/${merchant.slug}`;

  // a sender: in every field of an order, one that passes, one that is refused, and one that cannot be read
  const receipts = [];
  for (const sku of ["TEE-NVY-M", "VASE-OUT-OF-STOCK"]) {
    const sent = await send("orders/create", infested(order({ lines: [{ sku, title: nasty("Tee "), quantity: 1, price: 3_200 }] })));
    expect(sent.status).toBe(200);
    receipts.push(sent.receipt.receipt_id);
  }
  await send("orders/create", `{"id": "${MARK}", "name": ${JSON.stringify(nasty())}, "broken": true}`);
  await exported(meshline, receipts[0] ?? "", "completed");

  // somebody who works here, with everything that has a name
  await signIn(page, meshline.userWith("admin").email);
  await visit(page, `${home}/connections/new`);
  await fillAndPress(page, { Name: nasty("Shop ") }, "Connect");
  await visit(page, `${home}/connections/new-destination`);
  await fillAndPress(page, { Name: nasty("Place "), Key: `nasty-${javaScript}`, "Kind of system": nasty("oms"), URL: nasty("https://") }, "Add");
  await fillAndPress(page, { "Kind of system": "oms", URL: `${meshline.sandboxURL}/${nasty()}` }, "Add");
  await visit(page, `${home}/people/invite`);
  await page.getByLabel("Access").selectOption("operator");
  await page.getByLabel("Finance").check();
  await fillAndPress(page, { "E-mail address": `${MARK}.${javaScript}@example.com`, "Name, if you like": nasty("Nils ") }, "Invite");
  const invitation = (await page.locator('[aria-label="Copy link"]').getAttribute("data-copy")) ?? "";
  await visit(page, `${home}/settings/tokens/new`);
  await page.getByLabel("It may do what").selectOption("viewer");
  await fillAndPress(page, { Name: nasty("Token ") }, "Make the token");
  await visit(page, `${home}/settings`);
  await fillAndPress(page, { Name: nasty("Alder ") }, /^(Rename|Save)/);

  // and what is typed but refused comes back into its fields
  await visit(page, `${home}/orders?q=${encodeURIComponent(nasty())}`);
  await visit(page, `${home}/search?q=${encodeURIComponent(nasty())}`);
  await calm(page);

  // whoever was invited, under a name of their own
  const stranger = await browser.newContext({ baseURL: meshline.baseURL, javaScriptEnabled: javaScript });
  const nils = await stranger.newPage();
  nils.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  await nils.goto(invitation);
  await calm(nils);
  await fillAndPress(nils, { "Your name": nasty("Nils "), "Choose a password": "elf stumme Glocken im Nebel" }, "Accept and sign in");
  await calm(nils);
  await stranger.close();

  // every page that links lead to, from each that is a beginning
  const begin = ["/", home, `${home}/settings`, `${home}/people`, `${home}/connections`, `${home}/audit`, "/account"];
  for (const noun of ["queue", "orders", "receipts", "exports", "approvals", "tasks", "flows", "contracts"]) begin.push(`${home}/${noun}`);
  const waiting = [...begin];
  for (const id of receipts) waiting.push(`${home}/receipts/${id}`);
  const seen = new Set<string>();
  const kinds = new Map<string, number>();
  let infestedPages = 0;
  while (waiting.length > 0) {
    const path = (waiting.shift() ?? "/").split("#")[0] ?? "/";
    const kind = path.replace(/[0-9a-f-]{36}/g, "*").replace(/\?.*/, "?");
    const alike = kinds.get(kind) ?? 0;
    if (seen.has(path) || alike >= OF_A_KIND) continue;
    seen.add(path);
    kinds.set(kind, alike + 1);
    const answer = await page.goto(path, { waitUntil: "domcontentloaded" });
    if (!answer?.headers()["content-type"]?.includes("text/html")) continue;
    expect(answer.status(), path).toBeLessThan(500);
    await calm(page);
    if ((await page.locator("main").innerText()).includes(MARK)) infestedPages += 1;
    const links = await page.locator("a[href]").evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).getAttribute("href") ?? ""));
    waiting.push(...links.filter((link) => link.startsWith("/") && !link.startsWith("/api/") && !link.includes(".csv")));
  }
  expect(dialogs, "something ran").toEqual([]);
  expect(seen.size).toBeGreaterThan(40);
  expect(infestedPages, "the payloads are there to be seen").toBeGreaterThan(10);
});

test("what would come alive is seen", async ({ page }) => {
  page.on("dialog", (dialog) => void dialog.dismiss());
  for (const payload of PAYLOADS) {
    // written into a page as it is, as ours must never do
    const careless = [`<p>${payload}</p>`, `<input value="${payload}">`, `<input value='${payload}'>`, `<textarea>${payload}</textarea>`];
    const found = [];
    for (const html of careless) {
      await page.setContent(`<!doctype html><title>x</title>${html}`);
      found.push(...(await alive(page)));
    }
    expect(found, payload).not.toEqual([]);
  }
});

/** Every text of an order that a person may have written. */
function infested(body: ReturnType<typeof order>): unknown {
  const fields = new Set(["note", "tags", "first_name", "last_name", "name", "address1", "address2", "city", "company", "province", "title", "variant_title"]);
  const walk = (value: unknown, key = ""): unknown => {
    if (Array.isArray(value)) return value.map((one) => walk(one));
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, walk(one, name)]));
    return typeof value === "string" && fields.has(key) ? nasty(`${value} `) : value;
  };
  return { ...(walk(body) as object), note: nasty("Note "), tags: nasty() };
}

async function fillAndPress(page: Page, fields: Record<string, string>, button: string | RegExp): Promise<void> {
  for (const [label, text] of Object.entries(fields)) {
    await page.getByLabel(label, { exact: label === "Name" || label === "Key" }).first().fill(text);
  }
  await page.locator("main, body").first().getByRole("button", { name: button, exact: typeof button === "string" }).first().click();
  await page.waitForLoadState("load");
  await calm(page);
}

/** Nothing in the page is theirs. */
async function calm(page: Page): Promise<void> {
  expect(await alive(page), page.url()).toEqual([]);
}

/** An element that ours have not, a handler, an address that runs. */
function alive(page: Page): Promise<string[]> {
  return page.locator("html").evaluate((html, mark) => {
    const found: string[] = [];
    for (const element of html.querySelectorAll("*")) {
      if (["IFRAME", "OBJECT", "EMBED", "BASE"].includes(element.tagName)) found.push(element.outerHTML.slice(0, 120));
      // data for a script of ours does not run
      const runs = element.tagName === "SCRIPT" && element.getAttribute("type") !== "application/json";
      if (runs && (element.textContent ?? "").includes(`alert('${mark}')`)) found.push("script");
      if (element.tagName === "IMG" && element.getAttribute("src") === "x") found.push("img");
      for (const { name, value } of element.attributes) {
        if (name.startsWith("on")) found.push(`${element.tagName} ${name}=${value}`);
        if (/^\s*javascript:/i.test(value) && ["href", "src", "action", "formaction"].includes(name)) found.push(`${name}=${value}`);
      }
    }
    return found;
  }, MARK);
}
