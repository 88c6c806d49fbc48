"""A1: whoever has the very code, e-mail address or phone number comes first, whoever else was seen later."""

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from regulars_core.customers.merge.forecasts import Wanted
from regulars_core.customers.merge.service import merge
from regulars_core.customers.registration import give_codes, register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.customers.search.recent import renew
from regulars_core.primitives.clock import Instant, now
from regulars_core.shop.actors import Actor, Binding
from regulars_core.shop.shop import Shop
from regulars_schema.testing import Api

ASK = "query($q: String!, $n: Int = 10) { customerSearch(query: $q, first: $n) { code } }"


@pytest.fixture
def api(shop: Shop) -> Api:
    return Api.of(shop)


async def create(api: Api, first: str, last: str, **more: Any) -> dict[str, str]:
    """A customer who is registered now."""
    return (await enter(api, [NewCustomer(first, last, **more)]))[0]


async def enter(api: Api, people: Sequence[NewCustomer]) -> list[dict[str, str]]:
    """Customers who are registered now, one after the other."""
    begun = now()
    new = [replace(checked(api.shop.settings, one), created_at=Instant(begun + n)) for n, one in enumerate(people)]
    coded = await give_codes(api.shop, new)
    ids = await register(api.shop, coded)
    return [{"id": f"customer_{id_}", "code": one.code or ""} for id_, one in zip(ids, coded, strict=True)]


async def codes(api: Api, query: str, first: int = 10) -> list[str]:
    found = (await api.data(ASK, q=query, n=first))["customerSearch"]
    return [one["code"] for one in found]


async def crowd(api: Api) -> Sequence[dict[str, str]]:
    """Customers whose codes are digits of the phones of others, who come later, and whose addresses are parts of others'."""
    people = [
        NewCustomer("Ana", "Li", code=f"5512{n:02}", email=f"a{n}@shop.example", phone=f"+52 55 8000 {n:04}")
        for n in range(12)
    ]
    others = [
        NewCustomer("Bea", "Or", phone=f"+52 55 12{n:02} {m:04}", email=f"b{m}a{n}@shop.example")
        for n, m in product(range(12), range(12))
    ]
    return (await enter(api, [*people, *others]))[: len(people)]


@pytest.mark.parametrize("copied", [False, True], ids=["none-copied", "copied"])
async def test_a1_codes_addresses_and_phones_come_first(shop: Shop, api: Api, copied: bool) -> None:
    people = await crowd(api)
    if copied:
        await renew(shop.database)
    for n, one in enumerate(people):
        phone = f"+525580{n:06}"
        for typed in (
            one["code"], f" {one['code']}\n", f"a{n}@shop.example", f"A{n}@Shop.Example ", phone, phone[3:], f"00{phone[1:]}",
            f"+52 55 8000 {n:04}", f"(55) 8000-{n:04}", f"044 55 8000 {n:04}", f"+52 1 55 8000 {n:04}",
        ):  # fmt: skip
            for first in (1, 10):
                found = await codes(api, typed, first)
                assert found[0] == one["code"], typed
                assert len(found) == len(set(found)) <= first


async def test_a1_a_code_in_any_spelling(api: Api) -> None:
    first = (await create(api, "Ana", "Li"))["code"]
    own = await create(api, "Ana", "Li", code="VIP-2024/7")
    for _ in range(3):
        await create(api, f"Later {first.replace('-', ' ')}", "VIP2024 7 20247")
    for typed in (first, first.lower(), first.replace("-", ""), first.replace("-", " ").lower()):
        assert (await codes(api, typed, 3))[0] == first, typed
    for typed in ("vip-2024/7", "VIP20247", "vip 2024 7", "vip-2024-7"):
        assert (await codes(api, typed, 3))[0] == own["code"], typed


async def test_a1_the_code_before_the_phone_and_the_rest_by_when_they_were_seen(api: Api) -> None:
    phone = await create(api, "Bea", "Or", phone="55 1234 5678")
    code = await create(api, "Cleo", "Ib", code="5512345678")
    rest = [await create(api, f"N5512345678 {n}", "Xu", created_at=Instant(now() + at)) for at, n in enumerate("ab")]
    household = await create(api, "Dan", "Or", phone="55 1234 5678")
    expected = [code["code"], household["code"], phone["code"], rest[1]["code"], rest[0]["code"]]
    assert await codes(api, "5512345678") == expected
    assert await codes(api, "5512345678", 2) == expected[:2]


async def test_a1_who_is_put_away_is_not_picked(api: Api) -> None:
    one = await create(api, "Ana", "Li", email="ana@shop.example")
    await api.done("customerDeactivate", "customer { id }", {"id": one["id"]})
    for typed in (one["code"], "ana@shop.example"):
        assert await codes(api, typed) == []
        asked = await api.data(
            "query($q: String!) { customerSearch(query: $q, includeArchived: true) { code } }", q=typed
        )
        assert asked["customerSearch"] == [{"code": one["code"]}]


async def test_a1_what_was_merged_leads_to_who_stayed(shop: Shop, api: Api) -> None:
    kept = await create(api, "Ana", "Li")
    gone = await create(api, "Ana", "Li", email="ana@shop.example", phone="55 1234 5678")
    await create(api, "Ana", f"x{gone['code']}".replace("-", " "))
    survivor, absorbed = (one["id"].removeprefix("customer_") for one in (kept, gone))
    await merge(shop, Wanted(survivor, [absorbed]), "test")
    for typed in (gone["code"], "ana@shop.example", "5512345678"):
        assert (await codes(api, typed, 1)) == [kept["code"]], typed


async def test_a1_nobody_is_found_by_what_may_not_be_seen(shop: Shop) -> None:
    one = await create(Api.of(shop), "Ana", "Li", email="ana@shop.example", phone="55 1234 5678")
    api = Api.of(shop)
    api.actor = Actor("key", "reader", (Binding("reader", frozenset({"customers.view"}), None),))
    assert await codes(api, one["code"]) == [one["code"]]
    for typed in ("ana@shop.example", "5512345678"):
        assert await codes(api, typed) == []
    api.actor = Actor("key", "till", (Binding("till", frozenset({"customers.view", "customers.create"}), None),))
    for typed, found in (
        ("ana@shop.example", [one["code"]]),
        ("55 1234 5678", [one["code"]]),
        ("5512345", []),
        ("shop", []),
    ):
        assert await codes(api, typed) == found


async def test_a1_a_thousand_tries(shop: Shop, api: Api) -> None:
    """Among customers of random codes, addresses and phones; the benchmark does the same among 100,000."""
    chance = random.Random(21)
    contacts = [
        {"email": f"{chance.choice('abc')}{n % 7}.{n}@m{n % 3}.example", "phone": f"+5255{n:04}{n % 10}000"}
        for n in range(1_000)
    ]
    people = await enter(api, [NewCustomer("Ana", "Li", **one) for one in contacts])
    both = list(zip(people, contacts, strict=True))
    for _ in range(100):
        one, more = chance.choice(both)
        for typed in (one["code"], more["email"], more["phone"]):
            assert (await codes(api, typed))[0] == one["code"], typed
