"""Walks over pages are the whole list, in one order on both engines, and no cursor breaks anything."""

import base64
import random
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars_core.customers.reads import SORT_KEYS, CustomerRow, customers_of_groups, page_of_customers
from regulars_core.primitives.clock import NEVER
from regulars_core.primitives.errors import BadInput
from regulars_core.primitives.ids import DEFAULT_GROUP_ID
from regulars_core.primitives.money import divided_half_up
from regulars_core.queries.inserts import insert
from regulars_core.queries.pages import Order, Page, Position, Window, cursor_of
from regulars_core.shop.shop import Shop

NAMES = ["a", "B", "b", "é", "É", "e", "ñ", "n", "z", "Z", "ß", "ж", "田", "😀", "", "~", "e\u0301", "aa", "a a", "a-a"]
OTHER_GROUP = "0" * 31 + "a"
COUNT = 130
ORDERS = [Order(key, descending) for key, descending in product(SORT_KEYS.values(), (False, True))]
by_name = pytest.mark.parametrize("order", ORDERS, ids=[order.name for order in ORDERS])

Row = dict[str, Any]


def rows() -> list[Row]:
    """Customers with ties in every key, and a third of them without a purchase."""
    chance = random.Random(3)
    made = []
    for _ in range(COUNT):
        id_ = f"{chance.getrandbits(128):032x}"
        made.append(
            {
                "id": id_,
                "CREATED_AT": chance.choice([-5, 0, 10, 10, 20]),
                "NAME": chance.choice(NAMES) + chance.choice(["", ", x", ", Ä"]),
                "CODE": chance.choice("aAzZéñ😀") + id_[:8],
                "TOTAL_SPENT": chance.choice([0, 0, 100, 2**53 + 1, -1]),
                "PURCHASE_COUNT": chance.choice([0, 1, 2, 2**31 - 1]),
                "LAST_PURCHASE_AT": chance.choice([NEVER, 0, -1, 5, 2**60]),
                "UPDATED_AT": chance.choice([-1, 7, 7, 2**60]),
                "group": chance.choice([DEFAULT_GROUP_ID, DEFAULT_GROUP_ID, OTHER_GROUP]),
            }
        )
        spent, count = made[-1]["TOTAL_SPENT"], made[-1]["PURCHASE_COUNT"]
        made[-1]["AVERAGE_PURCHASE"] = divided_half_up(spent, count) if count else NEVER
    return made


async def keep(shop: Shop, made: Sequence[Row]) -> None:
    await insert(
        shop.database,
        "customer_group",
        ("id", "name", "name_key", "is_default", "created_at", "updated_at"),
        [(OTHER_GROUP, "Other", "other", False, 0, 0)],
    )
    columns = ("id", "code", "first_name", "last_name", "sort_name", "status", "group_id", "version", "created_at",
               "updated_at")  # fmt: skip
    await insert(
        shop.database,
        "customer",
        columns,
        [
            (r["id"], r["CODE"], "-", "-", r["NAME"], "ACTIVE", r["group"], 1, r["CREATED_AT"], r["UPDATED_AT"])
            for r in made
        ],
    )
    await insert(
        shop.database,
        "customer_stats",
        ("customer_id", "total_spent", "purchase_count", "first_purchase_at", "last_purchase_at", "active_at"),
        [
            (r["id"], r["TOTAL_SPENT"], r["PURCHASE_COUNT"], r["LAST_PURCHASE_AT"], r["LAST_PURCHASE_AT"], 0)
            for r in made
        ],
    )


@pytest.fixture
async def made(shop: Shop) -> list[Row]:
    found = rows()
    await shop.database.transaction(lambda: keep(shop, found))
    return found


def comparable(key: int | str) -> Any:
    """Texts compare byte by byte."""
    return key.encode() if isinstance(key, str) else key


def sorted_ids(made: Sequence[Row], order: Order) -> list[str]:
    """Byte by byte, ties by id; what is missing is below everything; DESC is ASC reversed."""

    ids = [row["id"] for row in sorted(made, key=lambda row: (comparable(row[order.key.name]), row["id"]))]
    return ids[::-1] if order.descending else ids


async def walk(ask: Callable[[Window], Any], order: Order, size: int, *, backward: bool, most: int) -> list[str]:
    """All ids, page by page, with what every page says about its neighbours checked on the way."""
    pages: list[Page[CustomerRow]] = []
    at: str | None = None
    for _ in range(most // size + 2):
        given_ = (None, None, size, at) if backward else (size, at, None, None)
        page = await ask(Window.of(order, *given_))
        pages.append(page)
        info = page.page_info
        behind, ahead = info.has_previous_page, info.has_next_page
        if backward:
            behind, ahead = ahead, behind
        assert behind is (at is not None)
        if not ahead:
            break
        assert len(page.rows) == size
        assert [edge.node for edge in page.edges] == list(page.nodes)
        at = info.start_cursor if backward else info.end_cursor
    else:
        raise AssertionError("the walk does not end")
    return [row.id for page in (reversed(pages) if backward else pages) for row in page.rows]


@by_name
async def test_every_walk_is_the_whole_list(shop: Shop, made: list[Row], order: Order) -> None:
    wanted = sorted_ids(made, order)
    for size, backward in product((1, 7, COUNT // 2, 100), (False, True)):

        async def ask(window: Window) -> Page[CustomerRow]:
            return await page_of_customers(shop.database, window)

        assert await walk(ask, order, size, backward=backward, most=COUNT) == wanted, (size, backward)


@by_name
async def test_walks_of_a_groups_members_are_the_whole_group(shop: Shop, made: list[Row], order: Order) -> None:
    for group, (size, backward) in product((DEFAULT_GROUP_ID, OTHER_GROUP), product((3, 100), (False, True))):
        wanted = sorted_ids([row for row in made if row["group"] == group], order)

        async def ask(window: Window, group: str = group) -> Page[CustomerRow]:
            both = await customers_of_groups(shop.database, [OTHER_GROUP, DEFAULT_GROUP_ID, OTHER_GROUP], window)
            assert [row.id for row in both[0].rows] == [row.id for row in both[2].rows]
            return both[1 if group == DEFAULT_GROUP_ID else 0]

        assert await walk(ask, order, size, backward=backward, most=len(wanted)) == wanted, (group, size, backward)


async def test_a_window_between_two_cursors(shop: Shop, made: list[Row]) -> None:
    for order in ORDERS:
        wanted = sorted_ids(made, order)
        everyone = await page_of_customers(shop.database, Window.of(order, 100, None, None, None))
        cursors = [edge.cursor for edge in everyone.edges]
        page = await page_of_customers(shop.database, Window.of(order, 100, cursors[10], None, cursors[20]))
        assert [row.id for row in page.rows] == wanted[11:20]
        page = await page_of_customers(shop.database, Window.of(order, None, cursors[10], 4, cursors[20]))
        assert [row.id for row in page.rows] == wanted[16:20]
        assert page.page_info.has_previous_page is True
        page = await page_of_customers(shop.database, Window.of(order, 100, cursors[20], None, cursors[10]))
        assert page.rows == []


async def test_a_page_of_nothing(shop: Shop, made: list[Row]) -> None:
    for order in ORDERS:
        page = await page_of_customers(shop.database, Window.of(order, 0, None, None, None))
        info = page.page_info
        assert (page.rows, info.start_cursor, info.end_cursor, info.has_next_page) == ([], None, None, True)
        assert await page.count() == {"": COUNT}
        nobody = page_of_customers(shop.database, Window.of(order, 5, None, None, None), search="nobody at all")
        info = (await nobody).page_info
        assert (info.has_next_page, info.has_previous_page) == (False, False)


@pytest.mark.parametrize(
    ("first", "last", "argument"),
    [
        (1, 1, "last"),
        (0, 0, "last"),
        (101, None, "first"),
        (-1, None, "first"),
        (None, 101, "last"),
        (None, -1, "last"),
    ],
)
def test_sizes_that_are_refused(first: int | None, last: int | None, argument: str) -> None:
    with pytest.raises(BadInput) as refused:
        Window.of(ORDERS[0], first, None, last, None)
    assert refused.value.path == (argument,)


def test_a_page_is_twenty_if_nobody_says() -> None:
    assert Window.of(ORDERS[0], None, None, None, None).size == 20


@pytest.mark.parametrize("argument", ["after", "before"])
def test_a_cursor_of_another_order_is_refused(argument: str) -> None:
    for made_for, asked in product(ORDERS, ORDERS):
        cursor = cursor_of(made_for, ("x" if made_for.key.kind is str else 1, "0" * 32))
        arguments = (5, cursor, None, None) if argument == "after" else (5, None, None, cursor)
        if made_for == asked:
            assert Window.of(asked, *arguments)
            continue
        with pytest.raises(BadInput) as refused:
            Window.of(asked, *arguments)
        assert refused.value.path == (argument,)


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).decode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
ANYTHING = (
    st.text(max_size=80)
    | st.binary(max_size=80).map(lambda raw: base64.urlsafe_b64encode(raw).decode())
    | JSON.filter(lambda value: not isinstance(value, int) or abs(value) < 2**63).map(encoded)
    | st.tuples(st.sampled_from([order.name for order in ORDERS]), JSON, st.text() | st.just("0" * 32)).map(encoded)
)


@given(cursor=ANYTHING, order=st.sampled_from(ORDERS), before=st.booleans())
def test_whatever_the_cursor_it_is_taken_or_refused(cursor: str, order: Order, before: bool) -> None:
    arguments = (5, None, None, cursor) if before else (5, cursor, None, None)
    try:
        window = Window.of(order, *arguments)
    except BadInput:
        return
    position = window.before if before else window.after
    assert position is not None
    assert type(position[0]) is order.key.kind


def test_a_cursor_that_is_cut_off_is_refused() -> None:
    whole = cursor_of(ORDERS[0], (1_700_000_000_000, "0" * 32))
    for length in range(len(whole)):
        with pytest.raises(BadInput):
            Window.of(ORDERS[0], 5, whole[:length], None, None)


async def test_forged_positions_are_places_like_any_other(shop: Shop, made: list[Row]) -> None:
    """Whoever takes a cursor apart may write any number or text into it, and gets what lies beyond that place."""
    for order in ORDERS:
        keys: Sequence[int | str] = (-(2**63), -(2**31) - 1, -1, 0, 2**31, 2**63 - 1)
        if order.key.kind is str:
            keys = ("", "a", "é", "'; DROP TABLE customer; --", "%", "\\", "\x7f", "\U0010ffff", "x" * 400)
        places = {row["id"]: comparable(row[order.key.name]) for row in made}
        for key, tie in product(keys, ("0" * 32, "8" * 32, "f" * 32)):
            position: Position = (key, tie)
            found = []
            for arguments in (
                (100, cursor_of(order, position), None, None),
                (None, None, 100, cursor_of(order, position)),
            ):
                page = await page_of_customers(shop.database, Window.of(order, *arguments))
                found.append([row.id for row in page.rows])

            here = (comparable(key), tie)
            everyone = sorted_ids(made, order)
            above = [id_ for id_ in everyone if (places[id_], id_) > here]
            below = [id_ for id_ in everyone if (places[id_], id_) < here]
            after, before = (below, above) if order.descending else (above, below)
            assert found == [after[:100], before[-100:]], position
