// What keywright signs, the vendors' own libraries must accept; spoiled, they must refuse it.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { accepted, spoiled } from "./fixtures.mjs";

const modules = process.argv[2];
const require = createRequire(join(modules, "x.js"));
const version = (name) => JSON.parse(readFileSync(join(modules, "node_modules", name, "package.json"))).version;

// Recorded requests are old: the libraries' clock is set to the moment of the delivery.
const RealDate = Date;
function at(now) {
  const moment = new RealDate(now).getTime();
  globalThis.Date = class extends RealDate {
    constructor(...given) {
      given.length ? super(...given) : super(moment);
    }
    static now() {
      return moment;
    }
  };
}

const text = (fixture) => fixture.body.toString();

const NEW_WAY = "vector.txt";

/** By kind and library: does it take this delivery? A throw means no. */
const CHECKS = [
  ["stripe", "stripe", (f) => {
    const Stripe = require("stripe");
    const stripe = new (Stripe.default ?? Stripe)("sk_test_x");
    return f.secrets.some((secret) => tries(() => stripe.webhooks.signature.verifyHeader(text(f), f.headers["stripe-signature"], secret, 300)));
  }],
  ["paddle", "@paddle/paddle-node-sdk", async (f) => {
    const { Paddle } = require("@paddle/paddle-node-sdk");
    const webhooks = new Paddle("x").webhooks;
    for (const secret of f.secrets)
      if (await webhooks.isSignatureValid(text(f), secret, f.headers["paddle-signature"])) return true;
    return false;
  }],
  ["standard_webhooks", "standardwebhooks", (f) => {
    const { Webhook } = require("standardwebhooks");
    const format = f.settings.key === "raw" ? { format: "raw" } : undefined;
    return f.secrets.some((secret) => tries(() => new Webhook(secret, format).verify(text(f), f.headers)));
  }, (f) => f.secrets.every((secret) => !secret.startsWith("whpk_"))],
  ["standard_webhooks", "svix", (f) => {
    const { Webhook } = require("svix");
    return f.secrets.some((secret) => tries(() => new Webhook(secret).verify(text(f), f.headers)));
  }, (f) => f.settings.key !== "raw" && f.secrets.every((secret) => !secret.startsWith("whpk_"))],
  ["dodo_payments", "dodopayments", (f) => {
    const { DodoPayments, default: Client } = require("dodopayments");
    const client = new (DodoPayments ?? Client)({ bearerToken: "x" });
    return f.secrets.some((secret) => tries(() => client.webhooks.unwrap(text(f), { headers: f.headers, key: secret })));
  }],
  ["polar", "@polar-sh/sdk", async (f) => {
    const { validateEvent, WebhookVerificationError } = await import(join(modules, "node_modules/@polar-sh/sdk/dist/esm/webhooks.js"));
    // It reads the event too, by its own schema, which is not looked at here.
    return f.secrets.some((secret) => {
      try { validateEvent(f.body, f.headers, secret); return true; } catch (error) {
        if (error instanceof WebhookVerificationError) return false;
        if (error?.constructor?.name === "SDKValidationError") return true;
        throw error;
      }
    });
  }, (f) => f.name !== NEW_WAY],
  // The newer of the two ways of Polar is that of Standard Webhooks; its own library has the older.
  ["polar", "standardwebhooks", (f) => {
    const { Webhook } = require("standardwebhooks");
    return f.secrets.some((secret) => tries(() => new Webhook(secret).verify(text(f), f.headers)));
  }, (f) => f.name === NEW_WAY],
  ["razorpay", "razorpay", (f) => {
    const { validateWebhookSignature } = require("razorpay/dist/utils/razorpay-utils");
    return f.secrets.some((secret) => validateWebhookSignature(text(f), f.headers["x-razorpay-signature"], secret));
  }],
  ["square", "square", async (f) => {
    const { WebhooksHelper } = require("square");
    for (const secret of f.secrets)
      if (await WebhooksHelper.verifySignature({
        requestBody: text(f), signatureHeader: f.headers["x-square-hmacsha256-signature"],
        signatureKey: secret, notificationUrl: f.settings.notification_url,
      })) return true;
    return false;
  }],
  ["adyen", "@adyen/api-library", (f) => {
    const { hmacValidator } = require("@adyen/api-library");
    const validator = new hmacValidator();
    const items = JSON.parse(text(f)).notificationItems.map((item) => item.NotificationRequestItem);
    return f.secrets.some((secret) => items.every((item) => validator.validateHMAC(item, secret)));
  }, (f) => text(f).includes("hmacSignature"), (f) => {
    // Its signature covers some fields only; this is one.
    const body = text(f).replace(/"pspReference":\s*"/, (found) => `${found}X`);
    return body === text(f) ? null : { ...f, body: Buffer.from(body) };
  }],
  ["gocardless", "gocardless-nodejs", (f) => {
    const { parse } = require("gocardless-nodejs/webhooks");
    return f.secrets.some((secret) => tries(() => parse(text(f), secret, f.headers["webhook-signature"])));
  }],
  ["braintree", "braintree", async (f) => {
    const braintree = require("braintree");
    const form = new URLSearchParams(text(f));
    const gateway = new braintree.BraintreeGateway({
      environment: braintree.Environment.Sandbox, merchantId: "kw",
      publicKey: f.settings.public_key, privateKey: f.secrets[0],
    });
    try {
      await gateway.webhookNotification.parse(form.get("bt_signature"), form.get("bt_payload"));
    } catch (error) {
      // It reads the notification too, and wants fields that are not looked at here.
      if (error?.type === "invalidSignatureError" || !(error instanceof TypeError)) throw error;
    }
    return true;
  }],
  ["creem", "creem", async (f) => {
    const { verifyWebhookSignature } = await import(join(modules, "node_modules/creem/dist/esm/webhooks.js"));
    for (const secret of f.secrets)
      try { await verifyWebhookSignature(text(f), f.headers, secret); return true; } catch (error) {
        if (error?.name !== "WebhookVerificationError") throw error;
      }
    return false;
  }],
  ["chargebee", "chargebee", async (f) => {
    const { basicAuthValidator } = require("chargebee");
    const known = (user, password) => user === f.settings.username && f.secrets.includes(password);
    await basicAuthValidator(known)(f.headers);
    return true;
  }, () => true, (f) => {
    // It proves who sent it, and nothing of what: the password is changed.
    const password = Buffer.from(`${f.settings.username}:${f.secrets[0]}x`).toString("base64");
    return { ...f, headers: { ...f.headers, authorization: `Basic ${password}` } };
  }],
  ["shopify", "@shopify/shopify-api", async (f) => {
    await import(join(modules, "node_modules/@shopify/shopify-api/dist/esm/adapters/node/index.mjs"));
    const { shopifyApi } = await import(join(modules, "node_modules/@shopify/shopify-api/dist/esm/lib/index.mjs"));
    for (const secret of f.secrets) {
      const shopify = shopifyApi({
        apiKey: "x", apiSecretKey: secret, hostName: "example.com", isEmbeddedApp: false,
        apiVersion: "2026-01", logger: { log: () => {} },
      });
      const result = await shopify.webhooks.validate({
        rawBody: text(f), rawRequest: { headers: f.headers, method: "POST", url: "/" }, rawResponse: {},
      });
      if (result.valid) return true;
      // It asks for headers that an older delivery does not have; the signature was right.
      if (result.reason !== "invalid_hmac") return true;
    }
    return false;
  }],
];

function tries(verify) {
  try {
    verify();
    return true;
  } catch {
    return false;
  }
}

async function takes(check, fixture) {
  at(fixture.now);
  try {
    return [await check(fixture), ""];
  } catch (error) {
    return [false, String(error?.message ?? error).split("\n")[0].slice(0, 90)];
  } finally {
    globalThis.Date = RealDate;
  }
}

let failed = 0;
for (const [kind, library, check, fits = () => true, spoil = spoiled] of CHECKS) {
  const [wrong, counts] = [[], { accepted: 0, refused: 0 }];
  try {
    for (const fixture of accepted(kind).filter(fits)) {
      const [good, why] = await takes(check, fixture);
      good ? (counts.accepted += 1) : wrong.push(`${fixture.name}${why && `: ${why}`}`);
      const forged = spoil(fixture);
      if (!forged || !good) continue;
      const [taken] = await takes(check, forged);
      taken ? wrong.push(`${fixture.name}: taken although spoiled`) : (counts.refused += 1);
    }
  } catch (error) {
    wrong.push(String(error));
  }
  failed += wrong.length || counts.accepted === 0 ? 1 : 0;
  console.log(`| ${kind} | npm ${library} ${version(library)} | ${counts.accepted} | ${counts.refused} | ${wrong.length ? wrong.join("; ") : ""} |`);
}
process.exit(failed ? 1 : 0);
