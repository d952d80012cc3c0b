"""What Labs64's client for Python makes of the answers. Run by ./run."""

import json
import secrets
import sys

from netlicensing import NetLicensingClient
from netlicensing.exceptions import NetLicensingHTTPError
from netlicensing.models import ValidationParameters

url, facts = sys.argv[1], json.load(open(sys.argv[2]))
client = NetLicensingClient(api_key="anything", base_url=f"{url}/core/v2/rest")
failed = False


def check(what, found, wanted):
    global failed
    right = found == wanted
    failed = failed or not right
    print(f"  {'ok  ' if right else 'FAIL'} {what}" + ("" if right else f": {found!r}, not {wanted!r}"))


def refused(number, **fields):
    try:
        client.licensees.validate(number, **fields)
    except NetLicensingHTTPError as error:
        return error
    return None


told = client.validate(facts["valid"])
check("a valid key", told.is_valid(), True)
module = told.by_product_module(facts["product"])
check("its product", (module.valid, module.licensing_model), (True, "Subscription"))
check("its name", module.productModuleName, facts["name"])
check("its end", module.expires, facts["expires"])

told = client.licensees.validate(
    facts["valid"],
    ValidationParameters(product_module_parameters={"M-1": {"action": "checkOut"}}),
    product_number=facts["product"],
    licensee_name="Ann's laptop",
    for_offline_use=True,
    dry_run=True,
)
check("with every parameter", told.is_valid(), True)

told = client.validate(facts["suite"])
check("a bundle", sorted(one.product_module_number for one in told.validations), facts["members"])
check("all of it", told.is_valid(), True)

told = client.validate(facts["suspended"])
check("a suspended key", (told.is_valid(), len(told.validations)), (False, 1))
check("without an end", hasattr(told.validations[0], "expires"), False)

error = refused("NOBODY-HAS-THIS")
check("a key that nobody has", error and error.status_code, 404)
check("what is said of it", "there is no license with this key" in str(error), True)

machine = f"machine-{secrets.token_hex(8)}"
check("no trial by rehearsal", refused(machine, product_number=facts["try"], dry_run=True) is None, False)
told = client.licensees.validate(machine, product_number=facts["try"])
check("a trial", (told.is_valid(), told.validations[0].product_module_number), (True, facts["try"]))
check("the same trial again", client.validate(machine).is_valid(), True)
sys.exit(failed)
