// Drawing a flow: the same board with and without a script, and two people at it at once.

import type { Page } from "@playwright/test";

import { expectAccessible } from "../axe.ts";
import { expect, hydrated, test } from "../fixtures.ts";
import type { Meshline } from "../meshline.ts";

const path = (meshline: Meshline, name: string) =>
  `/m/${meshline.merchant().slug}/flows/${name.toLowerCase().replaceAll(" ", "-")}/draft`;

/** An empty draft of this name, opened on the board. */
async function begin(page: Page, meshline: Meshline, name: string): Promise<void> {
  const merchant = meshline.merchant().slug;
  await page.goto(`/m/${merchant}/flows`);
  const form = page.locator('form[action="/ui/flow/new"]');
  await page.getByRole("button", { name: "New flow" }).first().click();
  await form.locator("input[name=name]").fill(name);
  await form.getByRole("button").first().click();
  await page.goto(path(meshline, name));
}

async function ready(page: Page, javaScript: boolean): Promise<void> {
  if (!javaScript) return;
  await hydrated(page);
  await page.locator("[data-board][data-ready]").waitFor();
}

const field = (page: Page, name: string) => page.locator(`[name="f[${name}]"]`);
const card = (page: Page, title: string) => page.locator("[data-stage] [data-step]", { hasText: title });
const saved = (page: Page) => expect(page.locator("[data-status]")).toHaveText(/^Saved \d\d:\d\d$/);

test("without a script, every field of a step is a field of its form", async ({ page, meshline, signIn, javaScript }) => {
  test.skip(javaScript, "the same forms, sent by the browser itself");
  await signIn(page);
  await begin(page, meshline, "Plain forms");
  await field(page, "add.kind").selectOption("human_task");
  await field(page, "add.title").fill("Look at it");
  await page.getByRole("button", { name: "Add the step" }).click();
  await expect(page.getByText("Added: Look at it.")).toBeVisible();
  await expect(card(page, "Look at it")).toBeVisible();

  const texts: [string, string][] = [
    ["title", "Look closely"],
    ["key", "look_closely"],
    ["accept", "15 min"],
    ["resolve", "1 d 2 h"],
    ["check.what", "It was looked at"],
    ["check.0.value", "400.00 USD"],
    ["instruction", "Look at every side"],
    ["field.0.label", "What is it"],
    ["field.0.options", "red, blue"],
    ["undo.instruction", "Look away"],
    ["runbook", "# How\n\nWith both eyes."],
    ["report_as", "looking"],
    ["manual.minutes", "4"],
    ["manual.times", "30"],
    ["manual.tool", "a sheet"],
    ["fail.late.retries", "2"],
    ["fail.late.after", "5 min"],
    ["fail.late.remedy", "Ask again"],
  ];
  const choices: [string, string][] = [
    ["check.is", "all"],
    ["check.0.fact", "order.total"],
    ["check.0.op", "over"],
    ["field.0.type", "choice"],
    ["undo.by", "task"],
    ["fail.late.path", "task"],
    ["fail.late.severity", "high"],
    ["source_system", "meshline"],
    ["destination_system", "meshline"],
  ];
  const owners = ["owner", "backup", "watch.0", "fail.late.owner"];
  for (const [name, text] of texts) await field(page, name).fill(text);
  for (const [name, value] of choices) await field(page, name).selectOption(value);
  for (const name of owners) await field(page, name).selectOption({ index: 1 });
  await field(page, "field.0.required").check();
  await page.getByRole("button", { name: "Save the step" }).click();
  await expect(page.getByText("Saved: Look closely.")).toBeVisible();
  await page.reload();
  for (const [name, text] of [...texts, ...choices]) await expect(field(page, name), name).toHaveValue(text);
  for (const name of owners) await expect(field(page, name), name).not.toHaveValue("");
  await expect(field(page, "field.0.required")).toBeChecked();
  await expectAccessible(page);

  // in the table it is the same form, below its row
  await page.getByRole("link", { name: "Table", exact: true }).click();
  await expect(page.locator(".board-open").locator('[name="f[title]"]')).toHaveValue("Look closely");
  await expectAccessible(page);

  // what is wrong is said at its field, and what was typed stays
  await field(page, "accept").fill("soon");
  await field(page, "title").fill("Look again");
  await page.getByRole("button", { name: "Save the step" }).click();
  await expect(page.locator('[id="e-accept"]')).toContainText("15 min");
  await expect(field(page, "title")).toHaveValue("Look again");
  await field(page, "accept").fill("20 min");
  await page.getByRole("button", { name: "Save the step" }).click();
  await expect(page.getByText("Saved: Look again.")).toBeVisible();

  await page.getByRole("button", { name: "Remove" }).click();
  await expect(page.locator("[data-stage]").getByText("Look again")).toHaveCount(0);
});

test("without a script, whoever saves second is told, and nothing is overwritten", async ({ page, browser, meshline, signIn, javaScript }) => {
  test.skip(javaScript, "with a script it is merged on the page");
  await signIn(page);
  await begin(page, meshline, "Two at once");
  await field(page, "add.title").fill("Shared");
  await page.getByRole("button", { name: "Add the step" }).click();

  const other = await browser.newContext({ javaScriptEnabled: false, baseURL: meshline.baseURL });
  const theirs = await other.newPage();
  await signIn(theirs);
  await theirs.goto(`${path(meshline, "Two at once")}?step=shared`);
  await field(theirs, "title").fill("Theirs");
  await theirs.getByRole("button", { name: "Save the step" }).click();
  await expect(theirs.getByText("Saved: Theirs.")).toBeVisible();
  await other.close();

  await field(page, "title").fill("Mine");
  await page.getByRole("button", { name: "Save the step" }).click();
  await expect(page.getByText(/saved this draft after you opened it/).first()).toBeVisible();
  await expect(field(page, "title")).toHaveValue("Mine");
  await expect(page.getByText("Saved now: Theirs")).toBeVisible();
  await page.getByRole("button", { name: "Save the step" }).click();
  await expect(page.getByText("Saved: Mine.")).toBeVisible();
});

test("three steps from nothing, with the keyboard alone", async ({ page, meshline, signIn, javaScript }) => {
  test.skip(!javaScript, "keys need a script");
  await signIn(page);
  await begin(page, meshline, "By keys");
  await ready(page, javaScript);
  const add = async (kind: string, title: string) => {
    await page.keyboard.press("n");
    await expect(field(page, "add.kind")).toBeFocused();
    await page.keyboard.type(kind);
    await expect(field(page, "add.kind").locator("option:checked")).toHaveText(new RegExp(`^${kind}`));
    await page.keyboard.press("Tab");
    await page.keyboard.type(title);
    await page.keyboard.press("Enter");
    await expect(card(page, title)).toBeVisible();
    await page.keyboard.press("Escape");
  };
  await add("Ask", "Inspect it");
  await add("Decide", "Is it whole?");
  await add("Tell", "Say so");
  await expect(page.locator("[data-stage] [aria-current=true]")).toContainText("Say so");
  await page.keyboard.press("ArrowLeft");
  await expect(page.locator("[data-stage] [aria-current=true]")).toContainText("Is it whole?");
  await saved(page);

  // a branch more, by its form
  await field(page, "branch.1.label").fill("Broken");
  await expect(page.locator(".way-name", { hasText: "Broken" })).toHaveCount(1);

  // taken back and made again
  await page.keyboard.press("Escape");
  await page.keyboard.press("Delete");
  await expect(card(page, "Is it whole?")).toHaveCount(0);
  await page.keyboard.press("Control+z");
  await expect(card(page, "Is it whole?")).toHaveCount(1);
  await page.keyboard.press("Control+Shift+Z");
  await expect(card(page, "Is it whole?")).toHaveCount(0);
  await page.keyboard.press("Control+z");
  await page.keyboard.press("t");
  await expect(page.locator(".board-table")).toBeVisible();
  await page.keyboard.press("t");
  await expect(page.locator("svg.board")).toBeVisible();
  await saved(page);
  await page.reload();
  await ready(page, javaScript);
  await expect(card(page, "Is it whole?")).toHaveCount(1);
  await expectAccessible(page);
});

test("two browsers change one step: nobody is overwritten unasked", async ({ page, browser, meshline, signIn, javaScript }) => {
  test.skip(!javaScript, "the merge needs a script");
  await signIn(page);
  await begin(page, meshline, "Merged");
  await ready(page, javaScript);
  await field(page, "add.title").fill("Shared");
  await page.getByRole("button", { name: "Add the step" }).click();
  await saved(page);

  const other = await browser.newContext({ baseURL: meshline.baseURL });
  const theirs = await other.newPage();
  await signIn(theirs);
  await theirs.goto(`${path(meshline, "Merged")}?step=shared`);
  await ready(theirs, javaScript);
  await field(theirs, "title").fill("Theirs");
  await field(page, "title").fill("Mine");
  const sentence = /changed what you changed/;
  const asked = async (at: Page) => (await at.getByText(sentence).count()) > 0;
  await expect.poll(async () => (await asked(page)) || (await asked(theirs))).toBe(true);
  const loser = (await asked(page)) ? page : theirs;
  await loser.getByRole("button", { name: /Take theirs/ }).click();
  const winner = loser === page ? "Theirs" : "Mine";
  await expect(field(loser, "title")).toHaveValue(winner);
  await other.close();
});

test("two hundred steps open and can be edited", async ({ page, meshline, signIn, javaScript }) => {
  test.slow();
  await signIn(page);
  const merchant = meshline.merchant();
  const steps = Array.from({ length: 200 }, (_, n) => ({
    key: `step_${n}`,
    title: `Step ${n}`,
    owner: null,
    backup: null,
    kind: "human_task",
    instruction: "",
    exits: [{ on: "done", to: n < 199 ? [`step_${n + 1}`, ...(n % 9 === 0 && n < 190 ? [`step_${n + 5}`] : [])] : [] }],
  }));
  await begin(page, meshline, `Long ${javaScript ? "a" : "b"}`);
  const flow = `long-${javaScript ? "a" : "b"}`;
  await ready(page, javaScript);
  const draft = JSON.parse((await page.locator("#board-data").textContent()) ?? "{}").draft;
  const answer = await page.request.post("/ui/flow/save", {
    headers: { accept: "application/json", origin: meshline.baseURL },
    form: { merchant: merchant.slug, flow, rev: "1", draft: JSON.stringify({ ...draft, start: ["step_0"], steps }) },
  });
  expect(await answer.text()).toContain("saved");
  await page.goto(`/m/${merchant.slug}/flows/${flow}/draft?step=step_100`);
  await ready(page, javaScript);
  await expect(page.locator("[data-card]")).toHaveCount(202);
  await field(page, "title").fill("Half way");
  if (!javaScript) await page.getByRole("button", { name: "Save the step" }).click();
  await expect(card(page, "Half way")).toHaveCount(1);
  if (!javaScript) return;

  // a long list is whole for whoever goes to it, and still is after something was chosen in it
  const leads = field(page, "exit.done.0");
  await expect(leads).toHaveValue("step_101");
  await leads.focus();
  for (const next of ["step_102", "step_103"]) {
    await expect(leads.locator("option")).toHaveCount(201);
    await page.keyboard.press("ArrowDown");
    await expect(leads).toHaveValue(next);
    await expect(leads).toBeFocused();
    await expect(field(page, "exit.done.1")).toHaveCount(1);
  }
  await expectAccessible(page);
  await saved(page);
});

test("what is not saved yet is said at once, and a reload at once loses nothing", async ({ page, meshline, signIn, javaScript }) => {
  test.skip(!javaScript, "without a script nothing is held here");
  await signIn(page);
  await begin(page, meshline, "Left at once");
  await ready(page, javaScript);
  await field(page, "add.title").fill("First");
  await page.getByRole("button", { name: "Add the step" }).click();
  await saved(page);
  let reached = false;
  await page.route("**/ui/flow/save", (route) => (reached ? route.continue() : route.abort()));
  // in the very task in which the key was pressed
  const said = await field(page, "title").evaluate((input: HTMLInputElement) => {
    input.value = "Second thoughts";
    input.dispatchEvent(new InputEvent("input", { bubbles: true }));
    return document.querySelector("[data-status]")?.textContent;
  });
  expect(said).toBe("Not saved yet");
  await page.reload();
  reached = true;
  await ready(page, javaScript);
  await expect(card(page, "Second thoughts")).toHaveCount(1);
  await expect(field(page, "title")).toHaveValue("Second thoughts");
  await expect(page.getByText("What was not saved the last time is back.")).toBeVisible();
  await saved(page);
  // and once it is saved it is kept no longer
  await page.reload();
  await ready(page, javaScript);
  await expect(card(page, "Second thoughts")).toHaveCount(1);
  await expect(page.getByText("is back")).toHaveCount(0);
});

test("what was kept here is not put over what was saved since", async ({ page, browser, meshline, signIn, javaScript }) => {
  test.skip(!javaScript, "without a script nothing is held here");
  await signIn(page);
  await begin(page, meshline, "Kept too long");
  await ready(page, javaScript);
  await field(page, "add.title").fill("First");
  await page.getByRole("button", { name: "Add the step" }).click();
  await saved(page);
  await page.route("**/ui/flow/save", (route) => route.abort());
  await field(page, "title").fill("Older");
  await expect(card(page, "Older")).toHaveCount(1);
  await page.goto(`/m/${meshline.merchant().slug}/flows`);

  // elsewhere it becomes something else, and then what it was
  const other = await browser.newContext({ baseURL: meshline.baseURL });
  const elsewhere = await other.newPage();
  await signIn(elsewhere);
  const step = `${path(meshline, "Kept too long")}?step=first`;
  await elsewhere.goto(step);
  await ready(elsewhere, javaScript);
  for (const title of ["Newer", "First"]) {
    await field(elsewhere, "title").fill(title);
    await saved(elsewhere);
  }

  await page.unroute("**/ui/flow/save");
  await page.goto(step);
  await ready(page, javaScript);
  await expect(page.getByText("the draft was saved since")).toBeVisible();
  // whoever does not answer is asked again, however often
  await page.reload();
  await ready(page, javaScript);
  await expect(page.getByText("the draft was saved since")).toBeVisible();
  await expect(page.locator("[data-status]")).toHaveText("Not saved yet");
  await elsewhere.reload();
  await expect(field(elsewhere, "title")).toHaveValue("First");
  await page.getByRole("button", { name: /Take theirs/ }).click();
  await expect(field(page, "title")).toHaveValue("First");
  await page.reload();
  await ready(page, javaScript);
  await expect(page.getByText("the draft was saved since")).toHaveCount(0);
  await other.close();
});

test("what is typed shows with each letter, and is one edit", async ({ page, meshline, signIn, javaScript }) => {
  test.skip(!javaScript, "without a script it shows when it is saved");
  await signIn(page);
  await begin(page, meshline, "Letters");
  await ready(page, javaScript);
  await field(page, "add.title").fill("First");
  await page.getByRole("button", { name: "Add the step" }).click();
  await expect(card(page, "First")).toBeVisible();
  await field(page, "title").press("End");
  // before the pause after which it counts as meant, in the very task in which the key was pressed
  const shown = await field(page, "title").evaluate((input: HTMLInputElement) => {
    const titles: string[] = [];
    for (const letter of " one") {
      input.value += letter;
      input.dispatchEvent(new InputEvent("input", { bubbles: true }));
      titles.push(document.querySelector("[data-stage] [aria-current=true] b")?.textContent ?? "");
    }
    return titles;
  });
  expect(shown).toEqual(["First", "First o", "First on", "First one"]);
  await saved(page);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+z");
  await expect(card(page, "First one")).toHaveCount(0);
  await expect(card(page, "First")).toHaveCount(1);

  // what can't be read yet is no mistake before there is a pause
  await field(page, "accept").pressSequentially("15 mi", { delay: 20 });
  await expect(page.locator('[id="e-accept"]')).toContainText("15 min");
  await expect(field(page, "accept")).toHaveValue("15 mi");
  // and whoever goes on after it, and after the next one, writes on where they were
  await page.keyboard.type("n");
  await expect(page.locator('[id="e-accept"]')).toHaveCount(0);
  await expect(field(page, "accept")).toHaveValue("15 min");
  await page.keyboard.type(" x");
  await expect(page.locator('[id="e-accept"]')).toContainText("15 min");
  await expect(field(page, "accept")).toHaveValue("15 min x");
});

test("the editor's module is loaded where a flow is drawn, and nowhere else", async ({ page, meshline, signIn, javaScript }) => {
  const loaded: string[] = [];
  page.on("request", (request) => {
    if (/\/board(_bg)?\.(js|wasm)$/.test(request.url())) loaded.push(request.url());
  });
  await signIn(page);
  await begin(page, meshline, "Loaded");
  await ready(page, javaScript);
  expect(new Set(loaded).size).toBe(javaScript ? 2 : 0);
  loaded.length = 0;
  for (const path of ["", "flows", "flows/loaded/readiness", "contracts"]) {
    await page.goto(`/m/${meshline.merchant().slug}/${path}`);
    if (javaScript) await hydrated(page);
  }
  expect(loaded).toEqual([]);
});
