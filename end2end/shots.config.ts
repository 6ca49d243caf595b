// `npm run shots`: pictures of pages, for looking at. See shots.ts.

import { defineConfig } from "@playwright/test";

import { launchOptions } from "./browser.ts";

export default defineConfig({
  testDir: ".",
  testMatch: "shots.ts",
  outputDir: "test-results/shots",
  workers: 1,
  timeout: 300_000,
  reporter: [["list"]],
  use: { browserName: "chromium", launchOptions, locale: "en-GB", timezoneId: "UTC", javaScriptEnabled: true },
});
