// Reads recorded requests: providers/<kind>/fixtures/*.txt (the format is in providers/README.md).
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const PROVIDERS = new URL("../../providers/", import.meta.url).pathname;

function parse(name, bytes) {
  const end = bytes.indexOf("\n\n");
  const fixture = { name, secrets: [], keys: {}, settings: {}, headers: {}, inlet: "webhook", method: "POST" };
  for (const line of bytes.subarray(0, end).toString().split("\n")) {
    const colon = line.indexOf(":");
    const field = line.slice(0, colon);
    const value = line.slice(colon + 1).replace(/^ /, "");
    if (field.startsWith("> ")) fixture.headers[field.slice(2).toLowerCase()] = value;
    else if (field === "secret") fixture.secrets.push(value);
    else if (field.startsWith("key ")) fixture.keys[field.slice(4)] = value;
    else if (field.startsWith("setting ")) fixture.settings[field.slice(8)] = value;
    else fixture[field] = value;
  }
  const last = bytes.at(-1) === 0x0a ? bytes.length - 1 : bytes.length;
  fixture.body = bytes.subarray(end + 2, last);
  return fixture;
}

/** Every delivery of a kind that keywright accepts. */
export function accepted(kind) {
  const folder = join(PROVIDERS, kind, "fixtures");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".txt") && !name.startsWith("refused."))
    .sort()
    .map((name) => parse(name, readFileSync(join(folder, name))))
    .filter((fixture) => fixture.inlet === "webhook" && fixture.method === "POST");
}

/** The same delivery with one letter of its body changed: well-formed still, and not what was signed. */
export function spoiled(fixture) {
  const body = Buffer.from(fixture.body);
  const at = body.findIndex((byte, index) => index > body.length / 2 && byte >= 0x61 && byte <= 0x79);
  if (at < 0) return null;
  body[at] += 1;
  return { ...fixture, body };
}
