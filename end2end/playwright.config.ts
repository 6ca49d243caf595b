// Every spec runs twice, with JavaScript on and off: whatever a person can do must work both ways. A test that is about one
// of the two says so with `test.skip(!javaScript, "…")`.

import { defineConfig } from "@playwright/test";

import { launchOptions } from "./browser.ts";

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  // one installation at a time: the machines this runs on have few cores, and a busy one makes deadlines lie
  workers: 1,
  fullyParallel: false,
  // a flaky test is a failed test
  retries: 0,
  forbidOnly: Boolean(process.env["CI"]),
  // nothing here is about how fast the machine is
  timeout: 240_000,
  expect: { timeout: 20_000 },
  reporter: [["list"], ["json", { outputFile: process.env["MESHLINE_REPORT"] ?? "test-results/report.json" }]],
  use: {
    browserName: "chromium",
    launchOptions,
    locale: "en-GB",
    timezoneId: "UTC",
    viewport: { width: 1440, height: 900 },
    screenshot: "only-on-failure",
    // traces cost more than the tests they are of; whoever wants one adds `--trace retain-on-failure`
    trace: "off",
  },
  projects: [
    { name: "js", use: { javaScriptEnabled: true } },
    { name: "nojs", use: { javaScriptEnabled: false } },
  ],
});
