// The flow editor on a flow of 200 steps: how long it takes to open, and how long until an edit shows.
//
// Times are taken inside the page, from the event that a person causes to the frame after the one in which the board has
// changed, so that style, layout and painting count. Opening is counted from the last byte of the module, because how
// long that takes to arrive is a matter of its size. `meshline-bench editor` runs this and reads MESHLINE_BENCH_EDITOR.

import { writeFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

import type { Page } from "@playwright/test";

import { expect, hydrated, test } from "./fixtures.ts";
import type { Meshline } from "./meshline.ts";

const steps = 200;
const rounds = Number(process.env["MESHLINE_BENCH_ROUNDS"] ?? 15);
const out = process.env["MESHLINE_BENCH_EDITOR"] ?? "test-results/editor.json";

declare global {
  interface Window {
    /** When the board was ready, and seen. */
    opened?: Promise<number>;
    /** Does this and says how long it took until a change in the map, the table or another place was seen. */
    shown(act: () => void, place?: Element): Promise<number>;
  }
}

test("editor", async ({ page, meshline, signIn }) => {
  await signIn(page);
  const path = await long(page, meshline);
  await page.addInitScript(() => {
    const seen = () => new Promise<number>((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()))));
    window.opened = new Promise((done) => {
      new MutationObserver((_, observer) => {
        if (!document.querySelector("[data-board][data-ready]")) return;
        observer.disconnect();
        seen().then(done);
      }).observe(document, { subtree: true, childList: true, attributeFilter: ["data-ready"] });
    });
    window.shown = async (act, place = document.querySelector("[data-stage]") as Element) => {
      const changed = new Promise<void>((done) => {
        new MutationObserver((_, observer) => {
          observer.disconnect();
          done();
        }).observe(place, { subtree: true, childList: true, characterData: true });
      });
      // at the beginning of a frame, as a person's events are
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      const from = performance.now();
      act();
      await changed;
      return (await seen()) - from;
    };
  });

  const times: Record<string, number[]> = {};
  const note = (what: string, ms: number) => (times[what] ??= []).push(ms);
  for (let round = 0; round < rounds; round += 1) {
    await page.goto(`${path}?step=step_100`);
    await hydrated(page);
    note("open", await page.evaluate(async () => {
      const ready = (await window.opened) as number;
      const module = performance.getEntriesByType("resource").find((one) => one.name.endsWith("board_bg.wasm"));
      return ready - (module as PerformanceResourceTiming).responseEnd;
    }));
    for (const view of ["map", "table"]) {
      if (view === "table") await page.keyboard.press("t");
      note(`go to another step (${view})`, await clicked(page, `[data-stage] [data-step="step_${120 + round}"]`));
      note(`type a letter (${view})`, await typed(page, `Half way ${round} ${view}`));
      note(`go to a list of all steps (${view})`, await listed(page));
      note(`choose from a list (${view})`, await chosen(page, "owner"));
      note(`add a step (${view})`, await added(page, `New ${round} ${view}`));
      note(`take it back (${view})`, await clicked(page, "[data-do=undo]"));
    }
    // whatever is still to be saved is saved, so that the next round opens what this one left
    await expect(page.locator("[data-status]")).toHaveText(/^Saved \d\d:\d\d$/);
  }
  const sizes: Record<string, number> = {};
  const links = await page.evaluate(() =>
    performance.getEntriesByType("resource").map((one) => one.name).filter((name) => /\/board(_bg)?\.(js|wasm)$/.test(name)),
  );
  for (const link of links) {
    const file = await page.request.get(link, { headers: { "accept-encoding": "identity" } });
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
    sizes[link.split("/").at(-1) as string] = brotliCompressSync(await file.body(), { params }).length;
  }
  writeFileSync(out, JSON.stringify({ steps, rounds, times, sizes }));
});

/** A draft of 200 steps on several lanes with ways that branch, and its address. */
async function long(page: Page, meshline: Meshline): Promise<string> {
  const { slug } = meshline.merchant();
  await page.goto(`/m/${slug}/flows`);
  const form = page.locator('form[action="/ui/flow/new"]');
  await page.getByRole("button", { name: "New flow" }).first().click();
  await form.locator("input[name=name]").fill("Long");
  await form.getByRole("button").first().click();
  const path = `/m/${slug}/flows/long/draft`;
  await page.goto(path);
  const data = JSON.parse((await page.locator("#board-data").textContent()) ?? "{}");
  const to = (n: number) => (n < steps ? [`step_${n}`] : []);
  const task = (n: number) => ({
    key: `step_${n}`,
    title: `Step ${n} of a long way`,
    owner: "agency:operations",
    backup: "agency:logistics",
    source_system: "meshline",
    destination_system: ["meshline", "shopify", "3pl"][n % 3],
    clock: { accept_ms: 900_000, resolve_ms: 7_200_000, calendar: null },
    failures: [{ on: n % 10 === 9 ? "unknown" : "late", path: "task", severity: "normal" }],
    ...(n % 10 === 9
      ? {
          kind: "decide",
          branches: [{ key: "yes", label: "Yes", when: { is: "test", fact: "order.flagged", op: "equals", value: true } }],
          otherwise: true,
          exits: [{ on: "yes", to: to(n + 1) }, { on: "else", to: to(n + 4) }],
        }
      : { kind: "human_task", instruction: "Look at it", exits: [{ on: "done", to: to(n + 1) }] }),
  });
  const draft = { ...data.draft, start: ["step_0"], steps: Array.from({ length: steps }, (_, n) => task(n)) };
  const answer = await page.request.post("/ui/flow/save", {
    headers: { accept: "application/json", origin: meshline.baseURL },
    form: { merchant: slug, flow: "long", rev: String(data.rev), draft: JSON.stringify(draft) },
  });
  expect(await answer.text()).toContain("saved");
  return path;
}

function typed(page: Page, text: string): Promise<number> {
  return page.evaluate((text) => {
    const field = document.querySelector('[name="f[title]"]') as HTMLInputElement;
    field.focus();
    return window.shown(() => {
      field.value = text;
      field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    });
  }, text);
}

function chosen(page: Page, name: string): Promise<number> {
  return page.evaluate((name) => {
    const field = document.querySelector(`[name="f[${name}]"]`) as HTMLSelectElement;
    field.focus();
    return window.shown(() => {
      field.selectedIndex = field.selectedIndex > 1 ? 1 : 2;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }, name);
}

function listed(page: Page): Promise<number> {
  return page.evaluate(() => {
    const list = document.querySelector('select[name^="f[exit."]') as HTMLSelectElement;
    (document.activeElement as HTMLElement).blur();
    return window.shown(() => list.focus(), list);
  });
}

function clicked(page: Page, selector: string): Promise<number> {
  return page.evaluate(
    (selector) => window.shown(() => (document.querySelector(selector) as HTMLElement).click()),
    selector,
  );
}

function added(page: Page, title: string): Promise<number> {
  return page.evaluate((title) => {
    (document.querySelector('[name="f[add.title]"]') as HTMLInputElement).value = title;
    return window.shown(() => (document.querySelector('button[value="add"]') as HTMLElement).click());
  }, title);
}
