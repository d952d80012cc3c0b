// Verifies a keywright machine license offline. Copy this file into your application.
//
// Needs nothing but Node's own crypto. What is checked, in which order and why is told in
// docs/machine-license.md; the reasons are those of that document.

import { createHash, createPublicKey, verify as verifySignature } from "node:crypto";

const LONGEST_TOKEN = 16 * 1024;
const CLOCK_TOLERANCE_MS = 60 * 60 * 1000;
const HEADER = /^\{"alg":"([^"\\]*)","typ":"([^"\\]*)","kid":"([0-9a-f]{16})"\}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/** The license does not hold; `reason` is one word. */
export class Refused extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/** The public keys that you embed: the text of GET /v1/keys. */
export function readKeys(jwks) {
  const ours = JSON.parse(jwks).keys.filter(({ kty, crv }) => kty === "OKP" && crv === "Ed25519");
  return new Map(
    ours.map(({ kty, crv, x, kid }) => [
      kid,
      createPublicKey({ key: { kty, crv, x }, format: "jwk" }),
    ]),
  );
}

/** A machine, without saying which: SHA-256 over the product and the ids, salted by it. */
export function fingerprintOf(product, ...machineIds) {
  return createHash("sha256").update([product, ...machineIds].join("\0")).digest("hex");
}

/**
 * The claims, if the license holds on this machine, now, for this version; else throws `Refused`.
 *
 * `now` and `releasedAt` (of your version) are Dates, `products` is a list of those whose licenses
 * your application takes. `seen` is what you kept:
 * `{ sequences: { [license_id]: highest }, time: latest Date or null }`. Afterwards keep in it the
 * claims' sequence and the latest of that time, `now` and the claims' issued_at; of a license with
 * a higher sequence than ever, its issued_at alone.
 */
export function verify(token, keys, { now, products, fingerprint, releasedAt, seen }) {
  const claims = authentic(token, keys);
  const slow = now.getTime() + CLOCK_TOLERANCE_MS;
  if (!products.includes(claims.product)) throw new Refused("other_product");
  if (claims.fingerprint !== fingerprint) throw new Refused("other_machine");
  if (slow < Math.max(claims.issued_at, seen.time ?? 0)) throw new Refused("clock_went_back");
  const sequences = new Map(Object.entries(seen.sequences));
  if (claims.sequence < (sequences.get(claims.license_id) ?? 0)) throw new Refused("older_license");
  if (slow < claims.starts_at.getTime()) throw new Refused("not_started");
  if (claims.valid_until && now > claims.valid_until) {
    if (claims.on_expiry === "restrict") throw new Refused("expired");
    if (claims.expires_at && releasedAt > claims.expires_at) throw new Refused("not_covered");
  }
  if (now > claims.offline_until) throw new Refused("refresh_due");
  return claims;
}

/** The claims, if one of the keys signed them as a machine license; times are Dates. */
export function authentic(token, keys) {
  const parts = token.length <= LONGEST_TOKEN ? token.split(".") : [];
  if (parts.length !== 3) throw new Refused("malformed");
  const [header, claims, signature] = parts.map(decode);
  const said = HEADER.exec(header.toString("latin1"));
  if (!said) throw new Refused("malformed");
  const [, algorithm, purpose, kid] = said;
  if (algorithm !== "EdDSA") throw new Refused("algorithm");
  if (purpose !== "keywright-license+jws") throw new Refused("wrong_purpose");
  const key = keys.get(kid);
  if (!key) throw new Refused("unknown_key");
  if (signature.length !== 64) throw new Refused("malformed");
  const signed = Buffer.from(`${parts[0]}.${parts[1]}`);
  if (!verifySignature(null, signed, key, signature)) throw new Refused("bad_signature");
  return readClaims(claims);
}

/** Strict base64url: no padding, no white space, no spare bits that are set. */
function decode(part) {
  const data = Buffer.from(part, "base64url");
  if (data.toString("base64url") !== part) throw new Refused("malformed");
  return data;
}

function readClaims(bytes) {
  let claims;
  try {
    claims = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new Refused("malformed");
  }
  const all = (names, holds) => names.every((name) => holds(claims[name]));
  const isText = (value) => typeof value === "string";
  const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
  const isTime = (value) => isText(value) && TIME.test(value);
  const right =
    claims !== null &&
    typeof claims === "object" &&
    all(["license_id", "activation_id", "product", "fingerprint"], isText) &&
    Array.isArray(claims.features) &&
    claims.features.every(isText) &&
    typeof claims.trial === "boolean" &&
    ["restrict", "maintain"].includes(claims.on_expiry) &&
    all(["max_activations", "sequence"], isCount) &&
    all(["starts_at", "issued_at", "refresh_at", "offline_until"], isTime) &&
    all(["expires_at", "valid_until"], (value) => value === null || isTime(value));
  if (!right) throw new Refused("malformed");
  for (const name of ["starts_at", "expires_at", "valid_until", "issued_at", "refresh_at", "offline_until"]) {
    if (claims[name] !== null) claims[name] = new Date(claims[name]);
  }
  return claims;
}
