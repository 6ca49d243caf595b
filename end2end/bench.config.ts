// `cargo xtask bench editor`: how fast the flow editor is in a browser. See bench-editor.ts.

import { defineConfig } from "@playwright/test";

import { launchOptions } from "./browser.ts";

export default defineConfig({
  testDir: ".",
  testMatch: "bench-editor.ts",
  outputDir: "test-results/bench",
  workers: 1,
  timeout: 600_000,
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    launchOptions,
    locale: "en-GB",
    timezoneId: "UTC",
    viewport: { width: 1440, height: 900 },
    javaScriptEnabled: true,
  },
});
