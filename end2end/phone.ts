// A phone that makes codes, as RFC 6238 describes it; it reads what the page shows and knows nothing else.

import { createHmac } from "node:crypto";

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

export class Phone {
  private readonly seed: Buffer;

  /** `uri` is what the picture says: `otpauth://totp/…`. */
  constructor(uri: string) {
    const secret = new URL(uri).searchParams.get("secret") ?? "";
    const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
    this.seed = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  }

  /** The code that it shows, so many steps of thirty seconds from now. */
  code(stepsAhead = 0): string {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + stepsAhead));
    const hash = createHmac("sha1", this.seed).update(counter).digest();
    const from = (hash[19] ?? 0) & 15;
    return String((hash.readUInt32BE(from) & 0x7fffffff) % 1_000_000).padStart(6, "0");
  }
}
