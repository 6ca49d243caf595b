// What every spec starts from: `import { expect, test } from "../fixtures.ts"`.
//
// Each project (JavaScript on, JavaScript off) gets one fresh installation for all its specs, so a spec makes what it
// looks at (an order of its own, say) and does not count rows that others may have made.

import { type Page, expect, test as base } from "@playwright/test";

import { Meshline } from "./meshline.ts";
import * as shopify from "./shopify.ts";

interface TestFixtures {
  /** Whether this run has JavaScript. */
  javaScript: boolean;
  /** Signs a person of the demo in; by default one who may do everything. */
  signIn: (page: Page, email?: string) => Promise<void>;
  /** Goes to a page and waits until it can be used. */
  visit: (page: Page, path: string) => Promise<void>;
  /** Delivers a Shopify webhook, properly signed. */
  send: (topic: string, payload: unknown, options?: shopify.SendOptions) => Promise<shopify.Sent>;
  /** Fails the test when the page reports an error, a violated content policy included. */
  quietConsole: void;
  /** Fails the test when a page asks for something anywhere but at this installation. */
  staysHome: void;
}

interface WorkerFixtures {
  /** Specs that name one here have an installation to themselves: `test.use({ installation: "markup" })`. */
  installation: string;
  meshline: Meshline;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  installation: ["shared", { scope: "worker", option: true }],

  // that it depends on the name makes Playwright start another one for another name
  meshline: [
    async ({ installation: _ }, use) => {
      const meshline = await Meshline.start();
      await use(meshline);
      await meshline.stop();
    },
    { scope: "worker", timeout: 300_000 },
  ],

  baseURL: ({ meshline }, use) => use(meshline.baseURL),

  javaScript: ({ javaScriptEnabled }, use) => use(javaScriptEnabled ?? true),

  visit: ({ javaScript }, use) =>
    use(async (page, path) => {
      await page.goto(path);
      if (javaScript) await hydrated(page);
    }),

  signIn: ({ meshline, javaScript }, use) =>
    use(async (page, email = meshline.userWith("admin").email) => {
      const user = meshline.user(email);
      await page.goto("/login");
      await page.getByLabel(/e-?mail/i).fill(user.email);
      await page.getByLabel(/^password/i).fill(user.password);
      await page.getByRole("button", { name: /sign in/i }).click();
      await expect(page).not.toHaveURL(/\/login/);
      if (javaScript) await hydrated(page);
    }),

  send: ({ meshline }, use) => use((topic, payload, options) => shopify.send(meshline, topic, payload, options)),

  quietConsole: [
    async ({ page }, use) => {
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        // the browser's own remark about a page that answers 404 or 422, which tests do on purpose
        const expected = message.text().startsWith("Failed to load resource");
        if (message.type() === "error" && !expected) complaints.push(message.text());
      });
      await use();
      expect(complaints, "errors on the page's console").toEqual([]);
    },
    { auto: true },
  ],

  staysHome: [
    async ({ context, meshline }, use) => {
      const strangers: string[] = [];
      context.on("request", (request) => {
        const url = new URL(request.url());
        const isOurs = url.origin === meshline.baseURL || ["about:", "blob:", "data:"].includes(url.protocol);
        if (!isOurs) strangers.push(request.url());
      });
      await use();
      expect(strangers, "requests to somewhere else").toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** Islands are alive: before this, a click on one is a click on plain HTML. */
export async function hydrated(page: Page): Promise<void> {
  await page.locator("html[data-hydrated]").waitFor({ state: "attached", timeout: 30_000 });
}
