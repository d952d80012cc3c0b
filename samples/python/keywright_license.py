"""Verifies a keywright machine license offline. Copy this file into your application.

Needs the package "cryptography". What is checked, in which order and why is told in
docs/machine-license.md; the reasons are those of that document.
"""

import base64
import hashlib
import json
import re
from datetime import datetime, timedelta, timezone

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LONGEST_TOKEN = 16 * 1024
CLOCK_TOLERANCE = timedelta(hours=1)
HEADER = re.compile(rb'\{"alg":"([^"\\]*)","typ":"([^"\\]*)","kid":"([0-9a-f]{16})"\}')
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


class Refused(Exception):
    """The license does not hold; `reason` is one word."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


def read_keys(jwks):
    """The public keys that you embed: the text of GET /v1/keys."""
    return {
        key["kid"]: Ed25519PublicKey.from_public_bytes(_decode(key["x"]))
        for key in json.loads(jwks)["keys"]
        if key.get("kty") == "OKP" and key.get("crv") == "Ed25519"
    }


def fingerprint(product, *machine_ids):
    """A machine, without saying which: SHA-256 over the product and the ids, salted by it."""
    return hashlib.sha256("\0".join((product, *machine_ids)).encode()).hexdigest()


def verify(token, keys, now, products, fingerprint, released_at, seen):
    """The claims, if the license holds on this machine, now, for this version; else `Refused`.

    `now` and `released_at` (of your version) are datetimes with a zone, `products` are those whose
    licenses your application takes. `seen` is what you kept: {"sequences": {license_id: highest},
    "time": latest datetime or None}. Afterwards keep in it the claims' sequence and the latest of
    that time, `now` and the claims' issued_at; of a license with a higher sequence than ever, its
    issued_at alone.
    """
    claims = authentic(token, keys)
    if claims["product"] not in products:
        raise Refused("other_product")
    if claims["fingerprint"] != fingerprint:
        raise Refused("other_machine")
    latest = max(filter(None, (claims["issued_at"], seen.get("time"))))
    if now + CLOCK_TOLERANCE < latest:
        raise Refused("clock_went_back")
    if claims["sequence"] < seen.get("sequences", {}).get(claims["license_id"], 0):
        raise Refused("older_license")
    if now + CLOCK_TOLERANCE < claims["starts_at"]:
        raise Refused("not_started")
    if claims["valid_until"] is not None and now > claims["valid_until"]:
        if claims["on_expiry"] == "restrict":
            raise Refused("expired")
        if claims["expires_at"] is not None and released_at > claims["expires_at"]:
            raise Refused("not_covered")
    if now > claims["offline_until"]:
        raise Refused("refresh_due")
    return claims


def authentic(token, keys):
    """The claims, if one of the keys signed them as a machine license; times are datetimes."""
    parts = token.split(".") if len(token) <= LONGEST_TOKEN else []
    if len(parts) != 3:
        raise Refused("malformed")
    header, claims, signature = (_decode(part) for part in parts)
    said = HEADER.fullmatch(header)
    if said is None:
        raise Refused("malformed")
    algorithm, purpose, kid = said.groups()
    if algorithm != b"EdDSA":
        raise Refused("algorithm")
    if purpose != b"keywright-license+jws":
        raise Refused("wrong_purpose")
    key = keys.get(kid.decode())
    if key is None:
        raise Refused("unknown_key")
    if len(signature) != 64:
        raise Refused("malformed")
    try:
        key.verify(signature, f"{parts[0]}.{parts[1]}".encode())
    except InvalidSignature:
        raise Refused("bad_signature") from None
    return _read_claims(claims)


def _decode(part):
    """Strict base64url: no padding, no white space, no spare bits that are set."""
    try:
        data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise Refused("malformed") from None
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != part:
        raise Refused("malformed")
    return data


def _read_claims(claims):
    try:
        claims = json.loads(claims.decode())
        if not isinstance(claims, dict):
            raise ValueError
        for name in ("license_id", "activation_id", "product", "fingerprint"):
            _must(isinstance(claims[name], str))
        features = claims["features"]
        _must(isinstance(features, list) and all(isinstance(word, str) for word in features))
        _must(isinstance(claims["trial"], bool))
        _must(claims["on_expiry"] in ("restrict", "maintain"))
        for name in ("max_activations", "sequence"):
            _must(type(claims[name]) is int and claims[name] >= 0)
        for name in ("starts_at", "issued_at", "refresh_at", "offline_until"):
            claims[name] = _time(claims[name])
        for name in ("expires_at", "valid_until"):
            claims[name] = None if claims[name] is None else _time(claims[name])
    except (KeyError, ValueError, RecursionError):
        raise Refused("malformed") from None
    return claims


def _must(right):
    if not right:
        raise ValueError


def _time(text):
    _must(isinstance(text, str) and TIME.fullmatch(text))
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
