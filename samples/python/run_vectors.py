"""Reads the vectors (python3 run_vectors.py FILE), prints what differs, fails if anything does."""

import json
import sys
from datetime import datetime

from keywright_license import Refused, read_keys, verify


def time(text):
    return None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00"))


with open(sys.argv[1], encoding="utf-8") as file:
    published = json.load(file)
keys = read_keys(json.dumps(published["keys"]))
wrong = 0
for vector in published["vectors"]:
    seen = {"sequences": vector["seen"]["sequences"], "time": time(vector["seen"]["time"])}
    now, released_at = time(vector["now"]), time(vector["released_at"])
    try:
        place = (vector["products"], vector["fingerprint"], released_at)
        verify(vector["token"], keys, now, *place, seen)
        said = "valid"
    except Refused as refused:
        said = refused.reason
    if said != vector["expect"]:
        wrong += 1
        print(f"{vector['name']}: {said}, should be {vector['expect']}")
count = len(published["vectors"])
print(f"python: {count - wrong} of {count} vectors as they should be")
sys.exit(1 if wrong or not count else 0)
