"""Reads recorded requests: providers/<kind>/fixtures/*.txt (the format is in providers/README.md)."""

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

PROVIDERS = Path(__file__).resolve().parents[2] / "providers"


def parse(path):
    head, body = path.read_bytes().split(b"\n\n", 1)
    fixture = SimpleNamespace(
        name=path.name, secrets=[], keys={}, settings={}, headers={}, inlet="webhook", method="POST"
    )
    for line in head.decode().split("\n"):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field.split(" ", 1):
            case [">", name]:
                fixture.headers[name.lower()] = value
            case ["secret"]:
                fixture.secrets.append(value)
            case ["key", name]:
                fixture.keys[name] = value
            case ["setting", name]:
                fixture.settings[name] = value
            case ["now"]:
                fixture.now = datetime.fromisoformat(value)
            case ["inlet" | "method" | "certificate" as name]:
                setattr(fixture, name, value)
    fixture.body = body.removesuffix(b"\n")
    return fixture


def accepted(kind):
    """Every delivery of a kind that keywright accepts."""
    found = sorted((PROVIDERS / kind / "fixtures").glob("*.txt"))
    fixtures = [parse(path) for path in found if not path.name.startswith("refused.")]
    return [one for one in fixtures if (one.inlet, one.method) == ("webhook", "POST")]


def changed(fixture, **fields):
    return SimpleNamespace(**{**vars(fixture), **fields})


def spoiled(fixture):
    """The same with one letter of its body changed: well-formed still, and not what was signed."""
    half = len(fixture.body) // 2 + 1
    for at in range(half, len(fixture.body)):
        if ord("a") <= fixture.body[at] <= ord("y"):
            body = bytearray(fixture.body)
            body[at] += 1
            return changed(fixture, body=bytes(body))
    return None
