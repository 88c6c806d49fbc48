"""How complete profiles are: by what the shop counts, required attributes and what is to be verified; and who is found by it."""

import io
import random
from typing import Any

import pytest

from regulars_core.customers.completeness.reads import completeness_of
from regulars_core.customers.erasure.personal import erase_customers
from regulars_core.exports.customers import export_customers
from regulars_core.shop.settings import SettingsError, load_settings
from regulars_core.testing import OpenShop, statements
from regulars_schema.testing import Api

COUNTED = (
    "first_name,last_name,email,phone,birth_date,tax_id,billing_address,consents.marketing,consents.profiling,email"
)
VALUES: dict[str, Any] = {
    "firstName": "Ana",
    "lastName": "Li",
    "birthDate": "1990-02-28",
    "taxId": "LI900228",
    "billingAddress": {"city": "Oaxaca"},
}
WHOLE = "{ id completeness { percent missing } }"


async def everybody(api: Api) -> dict[str, Any]:
    nodes = (await api.data(f"{{ customers(first: 100) {{ nodes {WHOLE} }} }}"))["customers"]["nodes"]
    return {one["id"]: one["completeness"] for one in nodes}


FIND = "query($w: CustomerWhere) { customers(first: 100, where: $w) { nodes { id } } }"


async def found(api: Api, **comparison: int) -> set[str]:
    answer = await api.data(FIND, w={"completeness": comparison})
    return {one["id"] for one in answer["customers"]["nodes"]}


async def somebody(api: Api, chance: random.Random, number: int) -> tuple[str, dict[str, bool]]:
    """Somebody of whom some things are known; and of what counts, whether it is there."""

    def has() -> bool:
        return chance.random() < 0.6

    is_company = chance.random() < 0.3
    given = {name: value for name, value in VALUES.items() if has()}
    given |= {"email": f"a{number}@example.com"} if has() else {}
    given |= {"phone": f"55 1234 {number:04}"} if has() or "email" not in given else {}
    given |= {"companyName": "Acme"} if has() else {}
    purposes = [one for one in ("marketing", "profiling", "data_collection") if has()]
    said = {"proof": "SIGNED", "source": "till"}
    consents = [{"purpose": one, "decision": chance.choice(["GRANTED", "WITHDRAWN"]), **said} for one in purposes]
    card = [{"name": "card", "value": "C-1"}] if has() else []
    about = {"isCompany": is_company, "consents": consents, "attributes": [*card, {"name": "free", "value": "x"}]}
    made = await api.done("customerCreate", "customer { id }", {**given, **about, "force": True})
    id_ = str(made["customer"]["id"])
    passed = {subject: has() for subject in ("AGE", "IDENTITY", "MEDICAL_CARD") if has()}
    for subject, is_passed in passed.items():
        looked = {"customerId": id_, "subject": subject, "isPassed": is_passed}
        await api.done("verificationRecord", "verification { id }", looked)
    people = ["firstName", "lastName", "email", "phone", "birthDate", "taxId", "billingAddress"]
    names = ["companyName", "email", "phone", "taxId", "billingAddress"] if is_company else people
    there = {name: name in given for name in names}
    there |= {f"consents.{one}": one in purposes for one in ("marketing", "profiling")}
    subjects = ["IDENTITY"] if is_company else ["AGE", "IDENTITY"]
    there |= {f"verifications.{one}": passed.get(one, False) for one in subjects}
    return id_, {**there, "attributes.card": bool(card)}


async def define(api: Api, name: str, **more: bool) -> None:
    given = {"name": name, "label": name, "type": "TEXT", **more}
    await api.done("customerAttributeDefine", "customerAttribute { name }", given)


async def test_what_is_missing_and_who_is_found(open_shop: OpenShop) -> None:
    """Against what was given, told apart by two shops' worth of rules: an attribute that nobody need have counts for nobody."""
    api = Api.of(await open_shop(required_fields="", counted_fields=COUNTED, verifications="age,identity"))
    await define(api, "free")
    await define(api, "card", isSensitive=True)
    chance = random.Random(24)
    known = dict([await somebody(api, chance, number) for number in range(24)])
    for is_required in (False, True):
        await define(api, "card", isSensitive=True, isRequired=is_required)
        counts = {
            id_: {name: has for name, has in there.items() if is_required or name != "attributes.card"}
            for id_, there in known.items()
        }
        percents = {id_: 100 * sum(there.values()) // len(there) for id_, there in counts.items()}
        assert await everybody(api) == {
            id_: {"percent": percents[id_], "missing": Unordered(name for name, has in there.items() if not has)}
            for id_, there in counts.items()
        }
        for bound in (0, 45, 50, 63, 100):
            assert await found(api, gte=bound) == {id_ for id_, one in percents.items() if one >= bound}
            assert await found(api, lt=bound, gte=20) == {id_ for id_, one in percents.items() if 20 <= one < bound}
    assert len(set(percents.values())) > 5
    with statements(api.shop, 3):
        await everybody(api)


class Unordered(list[str]):
    """A list that equals any of the same entries."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, list) and sorted(self) == sorted(other)

    __hash__ = None  # type: ignore[assignment]


async def test_merged_undone_and_erased(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop(counted_fields="first_name,phone,birth_date,consents.marketing"))
    shop = api.shop

    async def create(**given: Any) -> str:
        return str((await api.done("customerCreate", "customer { id }", {"lastName": "Li", **given}))["customer"]["id"])

    ana, bo = await create(firstName="Ana", birthDate="1990-02-28"), await create(firstName="Bo", phone="55 1234 5678")
    entry = {"purpose": "marketing", "decision": "WITHDRAWN", "source": "till"}
    await api.done("consentRecord", "consents { id }", {"customerId": ana, "entries": [entry]})
    assert [one["percent"] for one in (await everybody(api)).values()] == [50, 75]
    merge = {"survivorId": bo, "absorbedIds": [ana]}
    done = (await api.done("customersMerge", "customersMerge { mergeId }", merge))["customersMerge"]
    assert await everybody(api) == {bo: {"percent": 100, "missing": []}}
    document = f"query($id: ID!) {{ node(id: $id) {{ ... on Customer {WHOLE} }} }}"
    assert (await api.data(document, id=ana))["node"]["completeness"] is None
    await api.done("customersUnmerge", "customers { id }", done)
    assert (await everybody(api))[bo] == {"percent": 50, "missing": ["birthDate", "consents.marketing"]}
    target = io.StringIO(newline="")
    await export_customers(shop, target, ["completeness"])
    assert target.getvalue().split() == ["completeness", "75", "50"]
    await shop.database.transaction(lambda: erase_customers(shop, [ana.removeprefix("customer_")]))
    assert await completeness_of(shop, [ana.removeprefix("customer_")]) == {}
    assert await found(api, gte=0) == {bo}
    assert await found(api, lt=0) == set()
    assert (await api.ask(FIND, w={"completeness": {"gte": 2**31}})).errors
    nothing = Api.of(await open_shop(counted_fields=""))
    assert (await everybody(nothing))[bo] == {"percent": 100, "missing": []}
    assert await found(nothing, lt=100) == set()


def test_what_a_shop_counts() -> None:
    for counted in ("shoe_size", "consents.", "consents.A b", "attributes.card", "consents.club"):
        with pytest.raises(SettingsError):
            load_settings(counted_fields=counted)
    load_settings(counted_fields="consents.club", consent_purposes="club")
    assert load_settings(consent_purposes="club").counted_fields[-1] == "consents.marketing"  # which counts for nobody
