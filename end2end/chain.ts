// Waiting for the engine: what a page is going to show is asked for through the API first, so that a spec looks at a
// page that has come to rest.

import type { Meshline } from "./meshline.ts";

/** The part of `GET receipts/{id}` that specs look at. */
export interface Chain {
  id: string;
  status: string;
  order_id: string | null;
  order: { name: string } | null;
  runs: { id: string }[];
  exports: {
    id: string;
    state: string;
    title: string;
    approvals: { id: string; state: string; step: number }[];
    attempts: { http_status: number | null }[];
  }[];
  tasks: { id: string; code: string; state: string; title: string }[];
}

/** The chain behind a receipt, once it is as far as that. */
export async function settled(meshline: Meshline, receipt: string, is: (chain: Chain) => boolean): Promise<Chain> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const chain = await meshline.api<Chain>(`/receipts/${receipt}`);
    if (is(chain)) return chain;
    if (Date.now() > deadline) throw new Error(`It never came to that: ${JSON.stringify(chain, null, 1)}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Once its export is in this state. */
export function exported(meshline: Meshline, receipt: string, state: string): Promise<Chain> {
  return settled(meshline, receipt, (chain) => chain.exports[0]?.state === state);
}

export function only<T>(all: readonly T[]): T {
  const [one] = all;
  if (one === undefined || all.length !== 1) throw new Error(`exactly one was expected: ${JSON.stringify(all)}`);
  return one;
}
