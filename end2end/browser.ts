// Which browser, and how it is started: the system's own Chromium, kept from calling home.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

function findChromium(): string {
  const named = process.env["MESHLINE_CHROMIUM"];
  if (named) return named;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  for (const file of names.flatMap((name) => folders.map((folder) => join(folder, name)))) {
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // not this one
    }
  }
  throw new Error("No Chromium on PATH: install one, or name it in MESHLINE_CHROMIUM.");
}

export const launchOptions = {
  executablePath: findChromium(),
  args: [
    "--no-sandbox", // root in a container has no user namespaces to build the sandbox from
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};
