"""I7: the lines of one purchase are gathered wherever they stand in the file; none is recorded by halves."""

import random
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from regulars_core.imports.baskets import Basket, Grouping, Keys
from regulars_core.imports.files.columns import Form, Header
from regulars_core.imports.files.records import Row
from regulars_core.imports.scattered import Scattered
from regulars_core.shop.shop import Shop
from tests.imports.conftest import Files, Importing

HEAD = "reference,purchased_at,store,name,total\n"


async def totals(shop: Shop) -> dict[str, tuple[int, int]]:
    """What each purchase comes to, and how many lines it has, by store and reference."""
    rows = await shop.database.rows(
        "SELECT s.code, p.reference, p.total, (SELECT count(*) FROM purchase_line l WHERE l.purchase_id = p.id)"
        " FROM purchase p JOIN store s ON s.id = p.store_id"
    )
    return {f"{row[0]} {row[1]}": (row[2], row[3]) for row in rows}


@pytest.mark.parametrize("batch", [1, 2, 1_000])
async def test_i7_lines_are_gathered(
    purchases: Importing, everything: Callable[[], Any], shop: Shop, batch: int
) -> None:
    text = (
        HEAD
        + "A,2026-05-01,S1,x,1.00\nB,2026-05-01,S1,x,2.00\nA,2026-05-01,S1,y,0.10\nC,2026-05-01,S1,x,4.00\n"
        + "B,2026-05-01,S1,y,0.20\nA,2026-05-01,S2,x,8.00\nA,,S1,z,0.01\n"
    )
    report = await purchases(text, batch_size=batch)
    assert (report.rows, report.created, report.rejected) == (7, 4, 0)
    assert await totals(shop) == {"S1 A": (111, 3), "S1 B": (220, 2), "S1 C": (400, 1), "S2 A": (800, 1)}
    before = await everything()
    report = await purchases(text, batch_size=batch)
    assert (report.created, report.unchanged, report.rejected) == (0, 4, 0)
    assert await everything() == before


async def test_i7_one_bad_line_far_away_rejects_all_of_them(purchases: Importing, files: Files, shop: Shop) -> None:
    text = (
        HEAD
        + "A,2026-05-01,,x,1.00\nB,2026-05-01,,x,2.00\nA,2026-05-01,,y,zzz\nC,2026-05-01,,x,1.00\nB,2026-05-01,,y,1,1\n"
    )
    report = await purchases(text, batch_size=1)
    assert (report.created, report.rejected) == (1, 2)
    assert [(row["reject_line"], row["reject_code"]) for row in files.rejects()] == [
        ("2", "INVALID_AMOUNT"), ("4", "INVALID_AMOUNT"), ("3", "WRONG_NUMBER_OF_CELLS"), ("6", "WRONG_NUMBER_OF_CELLS"),
    ]  # fmt: skip
    assert list(await totals(shop)) == ["MAIN C"]


@pytest.mark.parametrize("batch", [1, 1_000])
async def test_i7_the_same_rows_again_are_the_same_purchase(
    purchases: Importing, files: Files, shop: Shop, batch: int
) -> None:
    """As where two files of overlapping days were put together; and nothing is sold twice where nobody can tell."""
    one = "A,2026-05-01,S1,x,1.00\nA,,,y,2.00\n"
    two = "B,2026-05-01,S1,x,1.00\n"
    report = await purchases(HEAD + one + two + one + two + one, batch_size=batch)
    assert (report.created, report.unchanged, report.rejected) == (2, 3, 0)
    assert await totals(shop) == {"S1 A": (300, 2), "S1 B": (100, 1)}
    report = await purchases(HEAD + "C,2026-05-01,S1,x,1.00\n" + two + "C,2026-05-01,S1,x,1.00\nC,,,z,1.00\n")
    assert (report.created, report.unchanged, report.rejected) == (0, 1, 1)
    assert [row["reject_code"] for row in files.rejects()] == ["REPEATED_LINES"] * 3


async def test_i7_one_purchase_however_its_store_is_written(purchases: Importing, shop: Shop) -> None:
    """And where later rows leave the store empty, as they may all that belongs to the purchase."""
    text = (
        HEAD
        + "A,2026-05-01,Centro Norte,x,1.00\nA,2026-05-01,centro norte,y,1.00\nA,,,z,1.00\n"
        + "B,2026-05-01,Centro Norte,x,1.00\nB,2026-05-01,,x,1.00\n"
    )
    report = await purchases(text)
    assert (report.created, report.rejected) == (3, 0)
    assert await totals(shop) == {"CENTRONORTE A": (300, 3), "CENTRONORTE B": (100, 1), "MAIN B": (100, 1)}


async def test_i7_what_is_looked_at_alone_says_the_same(purchases: Importing, shop: Shop) -> None:
    text = HEAD + "A,2026-05-01,,x,1.00\nB,2026-05-01,,x,2.00\nA,2026-05-01,,y,0.10\n"
    report = await purchases(text, check=True)
    assert (report.created, report.rejected) == (2, 0)
    assert await totals(shop) == {}


def rows_of(count: int) -> Iterator[Row]:
    rng = random.Random(7)
    for n in range(count):
        yield Row(n + 2, [f"R{rng.randrange(count // 4)}", "2026-05-01", "", f"x{n}", "1.00"])


HEADER = Header(
    HEAD.strip().split(","), Form(), {"reference": 0, "purchased_at": 1, "store": 2, "name": 3, "total": 4}, (), (), {}
)


def gathered(count: int) -> Iterator[Basket]:
    scattered = Scattered(Keys(HEADER).beginnings(rows_of(count)))
    yield from Grouping(HEADER, scattered).baskets(rows_of(count))
    scattered.close()


def test_i7_memory_does_not_grow_with_the_file() -> None:
    """SQLite's own memory is bounded by its cache; this is Python's."""
    peaks = []
    for count in (4_000, 20_000):
        tracemalloc.start()
        seen, lines = 0, 0
        for basket in gathered(count):
            seen, lines = seen + 1, lines + len(basket.rows)
            assert len({row.cells[0] for row in basket.rows}) == 1
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert lines == count
        assert seen == len({row.cells[0] for row in rows_of(count)})
    assert peaks[1] < peaks[0] * 1.2 + 100_000
