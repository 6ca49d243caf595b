// Accessibility: axe's rules for WCAG 2.2 AA, on the page as it stands.

import AxeBuilder from "@axe-core/playwright";
import { type Page, expect, test } from "@playwright/test";

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What can differ between light and dark. All the rest depends on the elements, which are the same in both. */
const ofColours = ["color-contrast", "link-in-text-block"];

/** Fails with the elements that break a rule, in light and in dark. */
export async function expectAccessible(page: Page): Promise<void> {
  // a page that is half there has half its styles
  await page.waitForLoadState();
  // axe is itself a script with timers; where the page may not run any, it looks at a copy
  const javaScript = test.info().project.use.javaScriptEnabled ?? true;
  const subject = javaScript ? page : await copyWithoutScripts(page);
  for (const colorScheme of ["light", "dark"] as const) {
    await subject.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    // No page holds a frame from elsewhere, so axe needs no window of its own to gather what it found in them; what is in
    // order is not listed. Both together halve what a page takes.
    const axe = new AxeBuilder({ page: subject }).setLegacyMode().options({ resultTypes: ["violations"] });
    const { violations } = await (colorScheme === "light" ? axe.withTags(tags) : axe.withRules(ofColours)).analyze();
    const found = violations.flatMap((violation) =>
      violation.nodes.map((node) => `${violation.id}: ${node.target.join(" ")} (${violation.help})`),
    );
    expect(found, `axe, ${colorScheme}`).toEqual([]);
  }
  if (subject === page) await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  else await subject.context().close();
}

/** The same HTML at the same address, without its scripts, in a window where axe can run. */
async function copyWithoutScripts(page: Page): Promise<Page> {
  const html = (await page.content())
    .replaceAll(/<script\b[^>]*>[\s\S]*?<\/script>/gi, "")
    // a browser that may run scripts ignores what stands in here
    .replaceAll(/<\/?noscript>/gi, "");
  const browser = page.context().browser();
  if (!browser) throw new Error("the page belongs to no browser");
  const context = await browser.newContext({
    javaScriptEnabled: true,
    viewport: page.viewportSize(),
    storageState: await page.context().storageState(),
  });
  const copy = await context.newPage();
  await copy.route(page.url(), (route) => route.fulfill({ contentType: "text/html; charset=utf-8", body: html }));
  await copy.goto(page.url());
  return copy;
}
