"""Keys that are sought by the look-up that uses them."""

import pytest

from regulars_core.database import Database, Lookup, Sought
from regulars_core.database.dialect import side_by_side
from regulars_core.database.sought import asked_with_keys, by_key
from tests.database.test_late_transactions import new, on_postgres


def sought(code: str) -> Sought:
    """The key of who has this code."""
    return Sought("SELECT id FROM customer WHERE code = $1", [code])


def by_both(shop: Database, key: str) -> list[Lookup]:
    """The code and the name by a key, once as the element of an array behind another value, and once as itself."""
    return [
        (f"SELECT code, $1::text FROM customer WHERE {shop.dialect.among('id', 2)}", ["said", [key]]),
        ("SELECT name FROM customer WHERE id = $1 AND code <> $2", [key, "z"]),
    ]


@on_postgres
async def test_what_is_by_a_sought_key_is_prefetched_with_it(shop: Database) -> None:
    known = new("a")
    await shop.transaction(lambda: shop.defer([known, new("b")]))

    async def work() -> None:
        with shop.counting() as counted:
            await shop.prefetch(by_both(shop, sought("a")))
            answers = await shop.read_together(by_both(shop, known[1][0]))
            assert [[tuple(row) for row in rows] for rows in answers] == [[("a", "said")], [("x",)]]
        assert len(counted) == 1

    await shop.transaction(work)


@on_postgres
async def test_what_several_have_named_alike_is_asked_once_and_given_to_each_of_them(shop: Database) -> None:
    known = new("a")
    await shop.transaction(lambda: shop.defer([known, new("b")]))
    key = sought("a")
    named = [*by_both(shop, key), *by_both(shop, key)]

    async def work() -> None:
        with shop.counting() as counted:
            await shop.prefetch(named)
            found = shop.prefetched_as_named([named[3], named[0], *by_both(shop, key)])
        assert [rows and [tuple(row) for row in rows] for rows in found] == [[("x",)], [("a", "said")], None, None]
        assert [rows is None for rows in shop.prefetched_as_named([named[3], named[0], named[1]])] == [
            True,
            True,
            False,
        ]
        [said, _] = by_both(shop, known[1][0])
        with shop.counting() as again:
            assert [[tuple(row) for row in await shop.read(said[0], *said[1])] for _ in range(2)] == [
                [("a", "said")]
            ] * 2
        assert len(counted) == len(again) == 1
        assert counted[0].count("SELECT name FROM customer") == 1

    await shop.transaction(work)
    assert shop.prefetched_as_named(named) == [None] * 4


@on_postgres
async def test_who_is_not_there_is_nobody(shop: Database) -> None:
    await shop.transaction(lambda: shop.defer([new("a")]))

    async def work() -> None:
        await shop.prefetch(by_both(shop, sought("nobody")))
        later = new("nobody")
        await shop.defer([later])
        assert [tuple(row) for row in await shop.read(*_flat(by_both(shop, later[1][0])[1]))] == [("x",)]

    await shop.transaction(work)


def _flat(lookup: Lookup) -> list[object]:
    return [lookup[0], *lookup[1]]


def test_a_key_is_asked_once_and_read_where_it_stands() -> None:
    two = Sought("SELECT id FROM customer WHERE email = $1 OR phone = $2", ["e", "p"])
    asked, keys = asked_with_keys([("SELECT $1, $2::uuid[], $3", ["first", [two], "last"]), ("SELECT $1", [two])])
    assert asked == [
        ("SELECT $1, ARRAY(SELECT key FROM sought0)::uuid[], $2", ["first", "last"]),
        ("SELECT (SELECT key FROM sought0)", []),
    ]
    assert keys == [two]
    assert asked_with_keys([("SELECT $1::uuid[], $2", [[two, two], [1, 2]])])[0] == [
        ("SELECT ARRAY(SELECT key FROM sought0, generate_series(1, 2))::uuid[], $1", [[1, 2]])
    ]
    assert by_key(("SELECT $1, $2", [[two, two], two]), two, "a") == ("SELECT $1, $2", [["a", "a"], "a"])
    assert side_by_side(asked, [two.query]) == (
        "WITH sought0 (key) AS MATERIALIZED (SELECT id FROM customer WHERE email = $1 OR phone = $2)"
        " SELECT ARRAY(SELECT q FROM (SELECT key FROM sought0) q),"
        " ARRAY(SELECT q FROM (SELECT $3, ARRAY(SELECT key FROM sought0)::uuid[], $4) q),"
        " ARRAY(SELECT q FROM (SELECT (SELECT key FROM sought0)) q)"
    )


@pytest.mark.parametrize(("found", "expected"), [("k", ["k", ["k"], ["other"]]), (None, [None, [None], ["other"]])])
def test_a_look_up_by_the_key_that_was_found(found: str | None, expected: list[object]) -> None:
    key = sought("a")
    assert by_key(("SELECT $1, $2, $3", [key, [key], ["other"]]), key, found) == ("SELECT $1, $2, $3", expected)
    assert by_key(("SELECT $1", ["x"]), key, found) == ("SELECT $1", ["x"])
