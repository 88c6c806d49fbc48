"""Connections: walks are whole lists, also while purchases come in, and a bad page is the caller's fault."""

import asyncio
import base64
import random
from collections import Counter
from typing import Any

import pytest

from regulars_core.customers.registration import give_codes, register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.primitives.clock import DAY_MS, Instant
from regulars_schema.testing import Api

NAMES = ["Ana", "ana", "Ána", "Zoë", "zoe", "Łi", "田中", "Ole 😀", "O'Neil", "de la Cruz"]
FIELDS = ["CREATED_AT", "NAME", "TOTAL_SPENT", "PURCHASE_COUNT", "LAST_PURCHASE_AT", "CODE"]
PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id } }"
START = 1_700_000_000_000


async def customers(api: Api, count: int) -> list[str]:
    """Customers whose names and times tie, without purchases."""
    new = [
        NewCustomer(NAMES[n % len(NAMES)], NAMES[n // 5 % len(NAMES)], created_at=Instant(START + n // 4 * DAY_MS))
        for n in range(count)
    ]
    coded = await give_codes(api.shop, [checked(api.shop.settings, customer) for customer in new])
    return [f"customer_{id_}" for id_ in await register(api.shop, coded)]


async def buy(api: Api, customer: str, reference: str, amount: str = "1.00", day: int = 1) -> None:
    given = {"reference": reference, "customerId": customer, "lines": [{"name": "Tea", "total": amount}]}
    await api.done("purchaseRecord", "created", {**given, "purchasedAt": f"2026-01-{day:02}T00:00:00Z"})


@pytest.fixture
async def people(api: Api) -> list[str]:
    """Forty customers, of whom a third have bought nothing."""
    ids, chance = await customers(api, 40), random.Random(1)
    for n in range(60):
        await buy(api, chance.choice(ids[: 2 * len(ids) // 3]), f"R{n}", f"{chance.choice([1, 1, 2])}.00", 1 + n % 3)
    return ids


async def page(api: Api, path: str, arguments: str, fields: str = PAGE, **variables: str) -> Any:
    """One page of the connection at a path such as `customer(id: "…") > purchases`."""
    *outer, connection = path.split(" > ")
    selection = f"{connection}({arguments}) {{ {fields} }}"
    for place in reversed(outer):
        selection = f"{place} {{ {selection} }}"
    declared = f"query({', '.join(f'${name}: String' for name in variables)})" if variables else ""
    found = await api.data(f"{declared} {{ {selection} }}", **variables)
    while "pageInfo" not in found and "totalCount" not in found:
        [found] = found.values()
    return found


async def walk(api: Api, path: str, arguments: str, size: int, *, backward: bool = False) -> list[str]:
    """All ids, page by page; what a page says about its neighbours is true."""
    count, towards = ("last", "before") if backward else ("first", "after")
    found: list[str] = []
    cursor: str | None = None
    while True:
        at = {"cursor": cursor} if cursor else {}  # no part of the document, which would be another one for each page
        here = await page(api, path, f"{arguments} {count}: {size}{f', {towards}: $cursor' if cursor else ''}", **at)
        ids, info = [edge["node"]["id"] for edge in here["edges"]], here["pageInfo"]
        ahead, behind = ("hasPreviousPage", "hasNextPage") if backward else ("hasNextPage", "hasPreviousPage")
        assert info[behind] is (cursor is not None)
        if here["edges"]:
            assert (info["startCursor"], info["endCursor"]) == (here["edges"][0]["cursor"], here["edges"][-1]["cursor"])
        found = ids + found if backward else found + ids
        if not info[ahead]:
            return found
        assert len(ids) == size
        cursor = info["startCursor" if backward else "endCursor"]


async def assert_walks(api: Api, path: str, arguments: str = "") -> list[str]:
    """Every walk is the whole list; answers it."""
    whole = await walk(api, path, arguments, 100)
    assert len(whole) == len(set(whole))
    for size in (1, 7, len(whole) or 1):
        for backward in (False, True):
            assert await walk(api, path, arguments, size, backward=backward) == whole, (size, backward)
    assert (await page(api, path, f"{arguments} first: 0", "totalCount"))["totalCount"] == len(whole)
    nothing = await page(api, path, f"{arguments} first: 0")
    assert (nothing["edges"], nothing["pageInfo"]["hasNextPage"]) == ([], bool(whole))
    assert (nothing["pageInfo"]["startCursor"], nothing["pageInfo"]["endCursor"]) == (None, None)
    return whole


async def test_customers_by_every_order(api: Api, people: list[str]) -> None:
    for field in FIELDS:
        ascending = await assert_walks(api, "customers", f"orderBy: {{ field: {field} }}")
        descending = await assert_walks(api, "customers", f"orderBy: {{ field: {field}, direction: DESC }}")
        assert descending == ascending[::-1]
        assert sorted(ascending) == sorted(people)
    never = await walk(api, "customers", "where: { purchaseCount: { eq: 0 } }", 100)
    by_last = await walk(api, "customers", "orderBy: { field: LAST_PURCHASE_AT }", 100)
    assert set(by_last[: len(never)]) == set(never), "who never bought is below everybody else"
    assert await walk(api, "customers", "", 7) == await walk(
        api, "customers", "orderBy: { field: CREATED_AT, direction: DESC }", 100
    )


async def test_customers_who_are_narrowed(api: Api, people: list[str]) -> None:
    for narrowed in ('search: "ana"', "where: { purchaseCount: { gte: 2 } }", 'search: "zoe" where: { any: [{}] }'):
        for field in ("NAME", "TOTAL_SPENT"):
            whole = await assert_walks(api, "customers", f"{narrowed} orderBy: {{ field: {field} }}")
            assert 0 < len(whole) < len(people)
    assert await assert_walks(api, "customers", "where: { any: [] }") == []


async def test_purchases_of_everybody_and_of_one(api: Api, people: list[str]) -> None:
    for order in ("", "orderBy: { field: TOTAL }", "orderBy: { field: PURCHASED_AT, direction: DESC }"):
        assert len(await assert_walks(api, "purchases", order)) == 60
        busiest = (await walk(api, "customers", "orderBy: { field: PURCHASE_COUNT }", 100))[-1]
        whole = await assert_walks(api, f'customer(id: "{busiest}") > purchases', order)
        narrowed = await assert_walks(
            api, f'customer(id: "{busiest}") > purchases', f'{order} where: {{ total: {{ gt: "1.00" }} }}'
        )
        assert [id_ for id_ in whole if id_ in narrowed] == narrowed
        assert 0 < len(narrowed) < len(whole)


async def test_members_of_groups(api: Api, people: list[str]) -> None:
    group = (await api.done("customerGroupCreate", "customerGroup { id }", {"name": "Regulars"}))["customerGroup"]["id"]
    await api.done("customersAssignGroup", "movedCount", {"customerIds": people[::2], "groupId": group})
    path = f'customerGroup(id: "{group}") > customers'
    for field in FIELDS:
        whole = await assert_walks(api, path, f"orderBy: {{ field: {field} }}")
        assert sorted(whole) == sorted(people[::2])
    narrowed = await assert_walks(api, path, "where: { purchaseCount: { eq: 0 } }")
    assert 0 < len(narrowed) < len(people[::2])


async def test_notes_groups_and_stores(api: Api) -> None:
    [ana] = await customers(api, 1)
    for n in range(9):
        await api.done("noteAdd", "note { id }", {"customerId": ana, "body": f"Note {n}"})
        await api.done("customerGroupCreate", "customerGroup { id }", {"name": f"{NAMES[n]} {n}"})
        await api.done("storeCreate", "store { id }", {"code": f"S{n}", "name": "Store"})
    assert len(await assert_walks(api, f'customer(id: "{ana}") > notes')) == 9
    assert len(await assert_walks(api, "customerGroups")) == 10
    assert len(await assert_walks(api, "stores")) == 10


async def test_every_owner_has_a_page_of_its_own(api: Api, people: list[str]) -> None:
    """In one request for all, what each would be answered alone, totals too."""
    inner = (
        "purchases(first: 2, orderBy: { field: TOTAL }) { totalCount pageInfo { hasNextPage endCursor } nodes { id } }"
    )
    together = await api.data(f"{{ customers(first: 100) {{ nodes {{ id {inner} }} }} }}")
    for customer in together["customers"]["nodes"]:
        alone = await api.data(f'{{ customer(id: "{customer["id"]}") {{ id {inner} }} }}')
        assert alone["customer"] == customer


@pytest.mark.one_executor
async def test_a_walk_is_whole_while_purchases_come_in(api: Api, people: list[str]) -> None:
    touched = set(people[::3])
    stop = asyncio.Event()

    async def keep_buying() -> int:
        count, chance = 0, random.Random(2)
        while not stop.is_set():
            await buy(api, chance.choice(sorted(touched)), f"M{count}", "5.00", chance.randint(1, 28))
            count += 1
        return count

    buying = asyncio.create_task(keep_buying())
    try:
        for _ in range(3):
            for direction in ("ASC", "DESC"):
                for backward in (False, True):
                    by_time = f"orderBy: {{ field: CREATED_AT, direction: {direction} }}"
                    whole = await walk(api, "customers", by_time, 3, backward=backward)
                    assert sorted(whole) == sorted(people)
                    moving = f"orderBy: {{ field: LAST_PURCHASE_AT, direction: {direction} }}"
                    found = Counter(await walk(api, "customers", moving, 3, backward=backward))
                    still = {id_: found[id_] for id_ in people if id_ not in touched}
                    assert set(still.values()) == {1}, "none missed, none doubled"
    finally:
        stop.set()
        assert await buying > 10


NO_PAGES = [
    "first: 1, last: 1",
    "first: 101",
    "last: 101",
    "first: -1",
    "last: -1",
    'after: ""',
    'after: "?"',
    'before: "W10="',
    'after: "bnVsbA=="',
    'first: 5, after: "é"',
    f'after: "{"A" * 5000}"',
]


async def test_what_is_no_page_is_the_callers_fault(api: Api) -> None:
    for connection in ("customers", "purchases", "customerGroups", "stores"):
        for arguments in NO_PAGES:
            answer = await api.ask(f"{{ {connection}({arguments}) {{ nodes {{ id }} }} shop {{ name }} }}")
            assert answer.codes == ["BAD_USER_INPUT"], arguments
            assert answer.errors[0]["path"] == [connection]
            assert answer.data["shop"] is not None, "its siblings are answered"


async def test_a_cursor_belongs_to_its_order(api: Api, people: list[str]) -> None:
    orders = [f"orderBy: {{ field: {field}, direction: {way} }}" for field in FIELDS for way in ("ASC", "DESC")]
    cursors = {order: (await page(api, "customers", f"{order} first: 1"))["pageInfo"]["endCursor"] for order in orders}
    for order in orders:
        for made_for, cursor in cursors.items():
            answer = await api.ask(f'{{ customers({order} after: "{cursor}") {{ nodes {{ id }} }} }}')
            assert answer.codes == ([] if made_for == order else ["BAD_USER_INPUT"]), (order, made_for)


async def test_a_cursor_whose_row_has_gone_is_still_a_place(api: Api) -> None:
    [ana] = await customers(api, 1)
    for n in range(5):
        await api.done("noteAdd", "note { id }", {"customerId": ana, "body": f"Note {n}"})
    path = f'customer(id: "{ana}") > notes'
    whole = await walk(api, path, "", 100)
    second = (await page(api, path, "first: 2"))["edges"][1]
    await api.done("noteDelete", "deletedNoteId", {"id": second["node"]["id"]})
    rest = await page(api, path, f'first: 100, after: "{second["cursor"]}"')
    assert [edge["node"]["id"] for edge in rest["edges"]] == whole[2:]


async def test_no_cursor_is_our_fault(api: Api, people: list[str]) -> None:
    """Cut, flipped, spliced and made up: answered or refused, never INTERNAL."""
    chance = random.Random(4)
    for field in FIELDS:
        order = f"orderBy: {{ field: {field} }}"
        whole = (await page(api, "customers", f"{order} first: 20"))["pageInfo"]["endCursor"]
        text = base64.urlsafe_b64decode(whole).decode()
        forged = [whole[: chance.randrange(len(whole))] for _ in range(5)]
        for _ in range(15):
            place = chance.randrange(len(text))
            changed = text[:place] + chance.choice('0a"[]{},-.eE\\\n\0é9') + text[place + chance.randint(0, 3) :]
            forged.append(base64.urlsafe_b64encode(changed.encode()).decode())
        for cursor in forged:
            for argument in ("after", "before"):
                answer = await api.ask(f'{{ customers({order} {argument}: "{cursor}") {{ nodes {{ id }} }} }}')
                assert answer.codes in ([], ["BAD_USER_INPUT"]), (cursor, answer.errors)
