"""Merges are undone: nobody keeps what was another's, and nobody's request is lost."""

import asyncio
import json
import os
from contextvars import copy_context
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars_core.customers.duplicates import Look
from regulars_core.customers.merge.plan import most_restrictive
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.testing import OpenShop
from tests.merges.conftest import Desk
from tests.merges.test_cases import registered
from tests.support.handed_out import handed_out

OURS = {"line1": "Calle 1", "city": "Oaxaca"}
THEIRS = {"line1": "Calle 2", "city": "Puebla"}
EXAMPLES = int(os.environ.get("MERGED_LIVES", "6"))


@pytest.fixture
async def lenient(open_shop: OpenShop) -> Desk:
    """A desk of a shop where nobody needs a name."""
    return Desk(await open_shop(required_fields=""))


async def told_of(desk: Desk, customer: str) -> str:
    """Everything that is known of somebody, as it is handed out."""
    return (await handed_out(desk.api, customer)).decode()


async def asks(desk: Desk, customer: str) -> Any:
    """Ask for an erasure."""
    asked = await desk.api.done("customerEraseRequest", "erasure { id customer { id } }", {"customerId": customer})
    return asked["erasure"]


async def test_who_is_going_to_be_erased_stays_with_who_asked(desk: Desk) -> None:
    """Whoever of them has asked: the erasure is of all of them, or the undo was first and it is of the one alone."""
    other, ana = await desk.customer("Anna"), await desk.customer("Ana")
    done, cy = await desk.merges(ana, other), await desk.customer("Cy")
    late = await desk.merges(cy, await desk.customer("Cyd"))
    erasure = await asks(desk, other)
    errors = (await desk.api.do("customersUnmerge", "__typename", {"mergeId": done["mergeId"]}))["userErrors"]
    assert [(one["code"], one["path"]) for one in errors] == [("ERASURE_PENDING", ["input", "mergeId"])]
    for who, codes in ((ana, ["ERASURE_PENDING"]), (cy, [])):
        [shown] = (await desk.shown(who, "merges { obstacles { code } }"))["merges"]
        assert [one["code"] for one in shown["obstacles"]] == codes
    await desk.api.done("customerEraseCancel", "erasure { id }", {"erasureId": erasure["id"]})
    await desk.undoes(done)
    for _ in range(3):
        done = await desk.merges(ana, other)
        asked, undone = await asyncio.gather(
            asks(desk, other), desk.api.do("customersUnmerge", "__typename", {"mergeId": done["mergeId"]})
        )
        assert asked["customer"] == await desk.led_to(id=other)
        await desk.api.done("customerEraseCancel", "erasure { id }", {"erasureId": asked["id"]})
        if undone["userErrors"]:
            await desk.undoes(done)
    await desk.undoes(late)


async def test_nothing_of_the_other_is_told_afterwards(desk: Desk) -> None:
    """Neither of the two has anything of the other's, nor has who was merged into one of them later."""
    other = await desk.customer("Anna", email="anna@marker.example", taxId="QUX1", billingAddress=THEIRS)
    third = await desk.customer("Cy", email="cy@marker.example", phone="55 1234 5678", billingAddress=OURS)
    ana = await desk.customer("Ana", phone="55 8765 4321")
    first = await desk.merges(ana, other)
    chosen = [{"field": "billingAddress", "customerId": third}]
    second = await desk.merges(ana, third, overrides=chosen)
    await desk.undoes(first)
    merges = (await desk.shown(ana, "merges { mergeId fields { field keptFrom values { value } } effects { kind } }"))[
        "merges"
    ]
    assert merges[1] == {"mergeId": first["mergeId"], "fields": [], "effects": []}
    values = {one["field"]: [each["value"] for each in one["values"]] for one in merges[0]["fields"]}
    assert values == {
        "firstName": ["Ana", "Cy"],
        "email": [None, "cy@marker.example"],
        "phone": ["+525587654321", "+525512345678"],
        "billingAddress": [None, "Calle 1, Oaxaca"],
    }
    told = await told_of(desk, ana)
    assert not [word for word in ("Anna", "anna@", "QUX1", "Puebla") if word in told]
    assert "cy@marker.example" in told
    await desk.undoes(second)
    for one in (ana, other, third):
        records = json.loads(await told_of(desk, one))["records"]
        assert [record["core"].get("customer_merge_snapshot", []) for record in records] == [[]]
    assert await desk.api.refused("customersUnmerge", {"mergeId": first["mergeId"]}) == ["ALREADY_UNDONE"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_whoever_is_still_part_decides(desk: Desk, order: tuple[int, int]) -> None:
    """Addresses are put back past a later merge; status and date of registration are those of who is part."""
    others = [await registered(desk, "Anna", "1262304000", billingAddress=THEIRS), await registered(desk, "Cy")]
    await desk.api.done("customerUpdate", "customer { id }", {"id": others[1], "billingAddress": OURS})
    ana = await desk.customer("Ana")
    for one in others:
        await desk.api.done("customerSuspend", "customer { id }", {"id": one})
    shown = "status createdAt billingAddress { line1 city }"
    before = await desk.shown(ana, shown)
    created = [(await desk.shown(one, "createdAt"))["createdAt"] for one in others]
    chosen = [{"field": "billingAddress", "customerId": others[1]}]
    merges = [await desk.merges(ana, others[0]), await desk.merges(ana, others[1], overrides=chosen)]
    assert await desk.shown(ana, shown) == {"status": "SUSPENDED", "createdAt": created[0], "billingAddress": OURS}
    await desk.undoes(merges[order[0]])
    left = order[1]
    assert await desk.shown(ana, shown) == {
        "status": "SUSPENDED",
        "createdAt": created[left],
        "billingAddress": (THEIRS, OURS)[left],
    }
    await desk.undoes(merges[left])
    assert await desk.shown(ana, shown) == before


async def test_what_somebody_has_decided_since_stays(desk: Desk) -> None:
    other, third, ana = [await desk.customer(name) for name in ("Anna", "Cy", "Ana")]
    for one in (other, third):
        await desk.api.done("customerSuspend", "customer { id }", {"id": one})
    first = await desk.merges(ana, other)
    await desk.api.done("customerReactivate", "customer { id }", {"id": ana})
    second = await desk.merges(ana, third)
    await desk.undoes(first)
    assert (await desk.shown(ana, "status"))["status"] == "SUSPENDED"  # of the other one
    await desk.undoes(second)
    assert (await desk.shown(ana, "status"))["status"] == "ACTIVE"
    first = await desk.merges(ana, other)
    await desk.api.done("customerDeactivate", "customer { id }", {"id": ana})
    await desk.api.done("customerReactivate", "customer { id }", {"id": third})
    await desk.merges(ana, third)
    await desk.undoes(first)
    assert (await desk.shown(ana, "status"))["status"] == "INACTIVE"


@pytest.fixture
async def strict(open_shop: OpenShop) -> Desk:
    """A desk of a shop that keeps e-mail addresses and tax ids apart."""
    return Desk(await open_shop(unique_fields="email,tax_id"))


async def given_up(desk: Desk) -> tuple[str, str, Any]:
    """The survivor of a merge that took the other's address and tax id, the other, and the merge."""
    ana = await desk.customer("Ana", email="ana@example.org", taxId="T-1")
    other = await desk.customer("Anna", email="anna@example.org", taxId="U-1")
    chosen = [{"field": name, "customerId": other} for name in ("email", "taxId")]
    return ana, other, await desk.merges(ana, other, overrides=chosen)


async def test_what_the_shop_allows_once_is_there_once(strict: Desk) -> None:
    """A value that was given up is anybody's, and what the survivor was given since may be the other's again."""
    ana, other, done = await given_up(strict)
    await strict.customer("Cy", email="ana@example.org")
    await strict.undoes(done)
    assert await strict.shown(ana, "email taxId firstName") == {"email": None, "taxId": "T-1", "firstName": "Ana"}
    done = await strict.merges(ana, other)
    given = {"id": ana, "email": "anna@example.org", "taxId": "u1"}
    await strict.api.done("customerUpdate", "customer { id }", given)
    await strict.undoes(done)
    assert await strict.shown(ana, "email taxId") == {"email": None, "taxId": None}
    assert await strict.shown(other, "email taxId") == {"email": "anna@example.org", "taxId": "U-1"}
    assert await strict.wrong() == []


async def test_whoever_takes_it_at_the_same_time_has_it(strict: Desk) -> None:
    """The undo waits for who is being registered."""
    ana, _, done = await given_up(strict)
    database, outside, undoing = strict.shop.database, copy_context(), list[asyncio.Task[list[str]]]()

    async def take() -> None:
        cy = checked(strict.shop.settings, NewCustomer("Cy", "Li", email="ana@example.org"))
        assert (await find_or_register(strict.shop, cy, (), Look(refuses=True, is_strict=True))).created
        undo = asyncio.create_task(strict.undoes(done), context=outside)
        undoing.append(undo)
        waiting = "SELECT 1 FROM pg_locks WHERE NOT granted"
        async with asyncio.timeout(30):
            while database.engine == "postgres" and not undo.done() and not await database.row(waiting):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    await database.transaction(take)
    await asyncio.gather(*undoing)
    assert await strict.shown(ana, "email taxId") == {"email": None, "taxId": "T-1"}


async def test_whether_it_is_a_company_is_as_its_name_is(lenient: Desk) -> None:
    """The survivor's, or another's by choice; of a survivor without a name, that of who gives it one."""
    desk = lenient
    acme = await desk.customer("", lastName="", companyName="Acme")
    ana, nobody = await desk.customer("Ana"), await desk.customer("", lastName="", email="n@example.org")
    shown, database = "isCompany displayName", desk.shop.database
    done = await desk.merges(ana, acme)
    told = {one["field"]: (one["keptFrom"], [each["value"] for each in one["values"]]) for one in done["fields"]}
    assert told["isCompany"] == (ana, ["false", "true"])
    assert await desk.shown(ana, shown) == {"isCompany": False, "displayName": "Ana Li"}
    await desk.undoes(done)
    done = await desk.merges(nobody, acme)
    assert await desk.shown(nobody, shown) == {"isCompany": True, "displayName": "Acme"}
    await desk.undoes(done)
    assert (await desk.shown(nobody, "isCompany"))["isCompany"] is False
    chosen = [{"field": "isCompany", "customerId": acme}]
    done = await desk.merges(ana, acme, overrides=chosen)
    assert (await desk.shown(ana, "isCompany"))["isCompany"] is True
    rows = await database.rows("SELECT changes FROM audit WHERE action = 'customersMerge' ORDER BY id")
    assert ["isCompany" in row[0] for row in rows[::2]] == [False, True, True]
    await desk.undoes(done)
    assert (await desk.shown(ana, "isCompany"))["isCompany"] is False


PERSON = """firstName lastName companyName isCompany email phone status createdAt tags billingAddress { line1 }
  shippingAddress { line1 }"""
PEOPLE = st.fixed_dictionaries(
    {
        "firstName": st.sampled_from(["", "Ana", "Bo"]),
        "companyName": st.sampled_from([None, "Acme", "Umbrella"]),
        "isCompany": st.booleans(),
        "email": st.sampled_from([None, "a@example.org", "b@example.org"]),
        "billingAddress": st.sampled_from([None, {"line1": "1"}, {"line1": "2"}]),
        "tags": st.lists(st.sampled_from("xyz"), unique=True),
        "days": st.integers(0, 3),
        "state": st.sampled_from(["", "Suspend", "Deactivate"]),
    }
)
CHOICES = st.lists(st.sampled_from(["firstName", "companyName", "isCompany", "email", "billingAddress"]), unique=True)


@settings(
    deadline=None,
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    people=st.lists(PEOPLE, min_size=3, max_size=5),
    choices=st.lists(CHOICES, min_size=4, max_size=4),
    dice=st.randoms(use_true_random=False),
)
async def test_in_whatever_order(lenient: Desk, people: list[Any], choices: list[list[str]], dice: Any) -> None:
    """Everybody is merged into one, each by a merge; while they are undone the status is that of who is part, and so is the
    date of registration; afterwards everybody is as before."""
    desk = lenient
    ids = [await _somebody(desk, **one) for one in people]
    before = [await desk.shown(one, PERSON) for one in ids]
    part = {}
    for one, chosen in zip(ids[1:], choices, strict=False):
        told = {each["field"] for each in (await desk.preview(ids[0], one))["fields"]}
        overrides = [{"field": name, "customerId": one} for name in chosen if name in told]
        part[one] = await desk.merges(ids[0], one, overrides=overrides)
    for one in dice.sample(ids[1:], len(ids) - 1):
        await desk.undoes(part.pop(one))
        left = [was for id_, was in zip(ids, before, strict=True) if id_ == ids[0] or id_ in part]
        shown = await desk.shown(ids[0], "status createdAt")
        assert shown["status"] == most_restrictive(was["status"] for was in left)
        assert shown["createdAt"] == min(was["createdAt"] for was in left)
    assert [await desk.shown(one, PERSON) for one in ids] == before
    assert await desk.wrong() == []


async def _somebody(desk: Desk, state: str, days: int, **given: Any) -> str:
    who = await registered(desk, given.pop("firstName"), str(1262304000 + days * 86_400), force=True, **given)
    if state:
        await desk.api.done(f"customer{state}", "customer { id }", {"id": who})
    return who
