"""What keywright signs, the vendors' own libraries must accept; spoiled, they must refuse it.

As check.mjs, with the libraries of PyPI. Run by ./run.
"""

import contextlib
import io
import json
import logging
import re
import sys
import time
from importlib.metadata import version
from types import SimpleNamespace
from urllib.parse import parse_qs

from fixtures import accepted, changed, spoiled

# Some say of every delivery that they do not like what was refused on purpose.
logging.disable(logging.CRITICAL)


def tries(verify, *given, **named):
    """No throw, and no plain no: yes."""
    try:
        return verify(*given, **named) is not False
    except Exception:
        return False


def by_any_secret(verify):
    return lambda f: any(tries(verify, f, secret) for secret in f.secrets)


def symmetric(f):
    return not any(secret.startswith("whpk_") for secret in f.secrets)


@by_any_secret
def stripe(f, secret):
    from stripe import WebhookSignature

    WebhookSignature.verify_header(f.body, f.headers["stripe-signature"], secret, 300)


def paddle(f):
    from paddle_billing.Notifications import Secret, Verifier

    # Requests of web frameworks find their headers by any case.
    request = SimpleNamespace(
        headers={"Paddle-Signature": f.headers["paddle-signature"]}, body=f.body
    )
    # Its clock cannot be set, and its five seconds are not what is looked at.
    secrets = [Secret(secret) for secret in f.secrets]
    return tries(Verifier().verify, request, secrets, verify_time_drift=False)


@by_any_secret
def standard(f, secret):
    from standardwebhooks.webhooks import Webhook

    key = secret.encode() if f.settings.get("key") == "raw" else secret
    Webhook(key).verify(f.body, f.headers, json_parse=False)


@by_any_secret
def svix(f, secret):
    from svix.webhooks import Webhook

    Webhook(secret).verify(f.body, f.headers)


@by_any_secret
def dodo_payments(f, secret):
    from dodopayments import DodoPayments

    client = DodoPayments(bearer_token="x")
    client.webhooks.unwrap(f.body.decode(), headers=f.headers, key=secret)


@by_any_secret
def polar(f, secret):
    from polar.webhooks import PolarWebhookVerificationError, validate_event

    try:
        # Its own schemas of what is signed are not looked at here.
        validate_event(f.body, f.headers, secret, frozenset(), lambda event: event)
    except PolarWebhookVerificationError:
        return False
    except Exception:
        return True


@by_any_secret
def razorpay(f, secret):
    from razorpay import Client

    utility = Client(auth=("x", "x")).utility
    return utility.verify_webhook_signature(
        f.body.decode(), f.headers["x-razorpay-signature"], secret
    )


@by_any_secret
def square(f, secret):
    from square.utils.webhooks_helper import verify_signature

    return verify_signature(
        request_body=f.body.decode(),
        signature_header=f.headers["x-square-hmacsha256-signature"],
        signature_key=secret,
        notification_url=f.settings["notification_url"],
    )


@by_any_secret
def adyen(f, secret):
    from Adyen.util import is_valid_hmac_notification

    items = [item["NotificationRequestItem"] for item in json.loads(f.body)["notificationItems"]]
    return all(is_valid_hmac_notification(item, secret) for item in items)


def other_reference(f):
    """The signature of Adyen covers some fields only; this is one."""
    body = re.sub(rb'("pspReference":\s*")', rb"\1X", f.body)
    return None if body == f.body else changed(f, body=body)


@by_any_secret
def gocardless(f, secret):
    from gocardless_pro import webhooks

    webhooks.parse(f.body.decode(), secret, f.headers["webhook-signature"])


@by_any_secret
def braintree(f, secret):
    from braintree import BraintreeGateway, Configuration, Environment
    from braintree.exceptions.invalid_signature_error import InvalidSignatureError

    form = {name: texts[0] for name, texts in parse_qs(f.body.decode()).items()}
    public_key = f.settings["public_key"]
    gateway = BraintreeGateway(Configuration(Environment.Sandbox, "kw", public_key, secret))
    try:
        gateway.webhook_notification.parse(form["bt_signature"], form["bt_payload"])
    except InvalidSignatureError:
        return False
    except Exception:
        # It reads the notification too, and wants fields that are not looked at here.
        return True


def paypal(f):
    from OpenSSL import crypto
    from paypalrestsdk import WebhookEvent

    # Where it would call PayPal for the certificate; and whether a certificate is PayPal's, which
    # one of a test cannot be, is not looked at.
    text = f.__dict__.get("certificate")
    if text:
        marks = re.fullmatch(r"(-----BEGIN \w+-----) (.*) (-----END \w+-----)\s*", text)
        pem = "\n".join([marks[1], marks[2].replace(" ", "\n"), marks[3]])
    else:
        pem = "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----" % f.keys["certificate"]
    certificate = crypto.load_certificate(crypto.FILETYPE_PEM, pem.encode())
    WebhookEvent._get_cert = classmethod(lambda cls, url: certificate)
    WebhookEvent._verify_certificate = classmethod(lambda cls, cert: True)
    header = lambda name: f.headers[f"paypal-{name}"]
    # It prints why it refuses.
    with contextlib.redirect_stdout(io.StringIO()):
        return tries(
            WebhookEvent.verify,
            header("transmission-id"),
            header("transmission-time"),
            f.keys["webhook_id"],
            f.body.decode(),
            header("cert-url"),
            header("transmission-sig"),
            header("auth-algo"),
        )


# By kind and library: does it take this delivery; which deliveries it can take; how they are spoiled.
ANY = lambda f: True
CHECKS = [
    ("stripe", "stripe", stripe, ANY, spoiled),
    ("paddle", "paddle-python-sdk", paddle, ANY, spoiled),
    ("standard_webhooks", "standardwebhooks", standard, symmetric, spoiled),
    ("standard_webhooks", "svix", svix, lambda f: symmetric(f) and f.settings.get("key") != "raw", spoiled),
    ("dodo_payments", "dodopayments", dodo_payments, ANY, spoiled),
    # The newer way of Polar is that of Standard Webhooks; its own library has the older.
    ("polar", "polar-sdk", polar, lambda f: f.name != "vector.txt", spoiled),
    ("razorpay", "razorpay", razorpay, ANY, spoiled),
    ("square", "squareup", square, ANY, spoiled),
    ("adyen", "Adyen", adyen, lambda f: b"hmacSignature" in f.body, other_reference),
    ("gocardless", "gocardless_pro", gocardless, ANY, spoiled),
    ("braintree", "braintree", braintree, ANY, spoiled),
    ("paypal", "paypalrestsdk", paypal, ANY, spoiled),
]


def set_clocks(now):
    """Recorded requests are old: the libraries' clock is set to the moment of the delivery."""
    import standardwebhooks.webhooks

    class Then(standardwebhooks.webhooks.datetime):
        @classmethod
        def now(cls, tz=None):
            return now.astimezone(tz)

    time.time = now.timestamp
    standardwebhooks.webhooks.datetime = Then


def look(kind, check, fits, spoil):
    good, refused, wrong = 0, 0, []
    for fixture in filter(fits, accepted(kind)):
        set_clocks(fixture.now)
        if not check(fixture):
            wrong.append(fixture.name)
            continue
        good += 1
        forged = spoil(fixture)
        if forged is None:
            continue
        if check(forged):
            wrong.append(f"{fixture.name}: taken although spoiled")
        else:
            refused += 1
    return good, refused, wrong


failed = False
for kind, library, check, fits, spoil in CHECKS:
    good, refused, wrong = look(kind, check, fits, spoil)
    failed = failed or bool(wrong) or good == 0
    print(f"| {kind} | PyPI {library} {version(library)} | {good} | {refused} | {'; '.join(wrong)} |")
sys.exit(failed)
