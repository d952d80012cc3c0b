// Reads the vectors (node run-vectors.mjs FILE), prints what differs, fails if anything does.

import { readFileSync } from "node:fs";
import { readKeys, Refused, verify } from "./keywright-license.mjs";

const published = JSON.parse(readFileSync(process.argv[2], "utf8"));
const keys = readKeys(JSON.stringify(published.keys));
let wrong = 0;
for (const vector of published.vectors) {
  let said = "valid";
  try {
    verify(vector.token, keys, {
      now: new Date(vector.now),
      products: vector.products,
      fingerprint: vector.fingerprint,
      releasedAt: new Date(vector.released_at),
      seen: {
        sequences: vector.seen.sequences,
        time: vector.seen.time === null ? null : new Date(vector.seen.time),
      },
    });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    said = error.reason;
  }
  if (said !== vector.expect) {
    wrong += 1;
    console.log(`${vector.name}: ${said}, should be ${vector.expect}`);
  }
}
const count = published.vectors.length;
console.log(`javascript: ${count - wrong} of ${count} vectors as they should be`);
process.exitCode = wrong || !count ? 1 : 0;
