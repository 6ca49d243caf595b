// One installation of Meshline for tests: a folder, a database, a server, and the sandbox that its exports go to.
//
// It is started the way a person would start it, from the built binary and through its commands alone; nothing here reaches
// into the database.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

/** What `meshline demo --json` prints. */
export interface Demo {
  operator: { id: string; name: string };
  merchants: { id: string; slug: string; name: string; api_token: string }[];
  users: { email: string; password: string; access: string; merchants: string[]; functional_roles: string[] }[];
  sources: { merchant: string; system: string; url_path: string; secret: string }[];
}

const binary = resolve(process.env["MESHLINE_BIN"] ?? join(import.meta.dirname, "../target/release/meshline"));
const startTimeout = 60_000;
const stopTimeout = 15_000;

export class Meshline {
  private readonly processes: ChildProcess[] = [];

  private constructor(
    /** Where the pages are, without a trailing slash. */
    readonly baseURL: string,
    /** The sandbox, without a trailing slash. */
    readonly sandboxURL: string,
    /** Working folder of all its processes, with the database and the logs. */
    readonly folder: string,
    private readonly environment: NodeJS.ProcessEnv,
    readonly demo: Demo,
  ) {}

  static start(): Promise<Meshline> {
    return Meshline.run(async (environment) => {
      const { stdout } = await promisify(execFile)(binary, ["demo", "--json", "--nothing-open"], environment);
      return JSON.parse(stdout) as Demo;
    });
  }

  /** Nobody is there yet: as it is after installing. */
  static startEmpty(): Promise<Meshline> {
    return Meshline.run(async () => ({ operator: { id: "", name: "" }, merchants: [], users: [], sources: [] }));
  }

  private static async run(fill: (options: { cwd: string; env: NodeJS.ProcessEnv }) => Promise<Demo>): Promise<Meshline> {
    const folder = mkdtempSync(join(tmpdir(), "meshline-e2e-"));
    const [address, sandbox] = await Promise.all([freeAddress(), freeAddress()]);
    const environment = {
      PATH: process.env["PATH"],
      HOME: folder,
      DATABASE_URL: "sqlite://meshline.db",
      MESHLINE_ADDR: address,
      MESHLINE_PUBLIC_URL: `http://${address}`,
      MESHLINE_SANDBOX_ADDR: sandbox,
      MESHLINE_SANDBOX_DATA: join(folder, "sandbox"),
    };
    const demo = await fill({ cwd: folder, env: environment });
    const meshline = new Meshline(`http://${address}`, `http://${sandbox}`, folder, environment, demo);
    try {
      await meshline.spawn("sandbox", () => fetch(`http://${sandbox}/`).then(() => true));
      await meshline.spawn("serve", () => fetch(`http://${address}/readyz`).then((answer) => answer.ok));
    } catch (error) {
      await meshline.stop();
      throw error;
    }
    return meshline;
  }

  /** Runs another command of the binary against the same installation; resolves to what it printed. */
  async command(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(binary, args, { cwd: this.folder, env: this.environment });
    return stdout;
  }

  user(email: string): Demo["users"][number] {
    return found(this.demo.users.find((user) => user.email === email), `a user ${email}`);
  }

  /** The first person with this functional role, or with this access. */
  userWith(role: string): Demo["users"][number] {
    const user =
      this.demo.users.find((user) => user.functional_roles.includes(role)) ??
      this.demo.users.find((user) => user.access === role);
    return found(user, `a user with the role ${role}`);
  }

  merchant(slug?: string): Demo["merchants"][number] {
    return found(this.demo.merchants.find((merchant) => !slug || merchant.slug === slug), `a merchant ${slug ?? ""}`);
  }

  source(system: string, merchant: string = this.merchant().slug): Demo["sources"][number] {
    const source = this.demo.sources.find((source) => source.system === system && source.merchant === merchant);
    return found(source, `a ${system} source of ${merchant}`);
  }

  /** The JSON API, with the token of a merchant. `path` starts after `/api/v1`. */
  async api<T>(path: string, options: { merchant?: string; method?: string; body?: unknown } = {}): Promise<T> {
    const answer = await fetch(`${this.baseURL}/api/v1${path}`, {
      method: options.method ?? "GET",
      headers: {
        authorization: `Bearer ${this.merchant(options.merchant).api_token}`,
        ...(options.body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  async stop(): Promise<void> {
    for (const child of this.processes.reverse()) await end(child);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async spawn(verb: string, ready: () => Promise<boolean>): Promise<void> {
    const log = join(this.folder, `${verb}.log`);
    const output = openSync(log, "a");
    const child = spawn(binary, [verb], { cwd: this.folder, env: this.environment, stdio: ["ignore", output, output] });
    closeSync(output);
    this.processes.push(child);
    // should the test runner itself be ended
    process.once("exit", () => child.kill("SIGKILL"));
    const deadline = Date.now() + startTimeout;
    while (!(await ready().catch(() => false))) {
      if (hasEnded(child)) throw new Error(`meshline ${verb} ended while starting:\n${readFileSync(log, "utf8")}`);
      if (Date.now() > deadline) throw new Error(`meshline ${verb} was not ready in time:\n${readFileSync(log, "utf8")}`);
      await sleep(50);
    }
  }
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`The demo has not got ${what}.`);
  return value;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function end(child: ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  const deadline = Date.now() + stopTimeout;
  while (!hasEnded(child)) {
    if (Date.now() > deadline) child.kill("SIGKILL");
    await sleep(20);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** A loopback address that nobody listens on. */
function freeAddress(): Promise<string> {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (!address || typeof address === "string") return failed(new Error("no free port"));
      server.close(() => done(`127.0.0.1:${address.port}`));
    });
  });
}
