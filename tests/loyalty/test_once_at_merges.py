"""What was given once to each of several who become one is taken back, but what of it has expired is gone, and is not owed."""

import pytest

from regulars_core.plugin import Plugins
from regulars_core.testing import OpenShop
from regulars_loyalty.ledger.book import POINTS
from tests.loyalty.test_cases_points import on, rule
from tests.loyalty.test_merges_of_the_ledger import have, holds, merged, spends, undone
from tests.loyalty.test_once_per_customer import moved
from tests.loyalty.test_purchases import Till, begin_program, plugins

__all__ = ["plugins"]


@pytest.fixture
async def till(open_shop: OpenShop, plugins: Plugins) -> Till:
    made = Till(await open_shop(plugins=plugins))
    welcome = rule("PER_PURCHASE", "WELCOME", points="100", oncePerCustomer="true")
    await begin_program(made.shop, welcome, expire_after="P1M")
    return made


@pytest.mark.parametrize("is_written", [True, False])
async def test_what_expired_unspent_is_not_owed(till: Till, is_written: bool) -> None:
    """Whether it was written that it has expired, or is only due."""
    with on("2026-01-01"):
        ben = await till.customer()
        await till.sells(ben, "5.00")
    with on("2026-03-01"):
        if is_written:
            await till.given(ben, 7, POINTS)
        ana = await till.customer()
        await till.sells(ana, "5.00")
        merge = await merged(till, ana, ben)
        assert await have(till, ana, ben) == [100 + 7 * is_written, 0]
        assert "REVERSE" not in {kind for kind, _ in await till.posted(ana, POINTS)}
        await till.sells(ana, "5.00")  # once
        assert await have(till, ana) == [100 + 7 * is_written]
        assert (await undone(till, merge))["userErrors"] == []
        assert await have(till, ana, ben) == [100, 7 * is_written]
        await holds(till)


async def test_what_was_spent_of_it_is_taken_back(till: Till) -> None:
    """30 of 100 are spent and 70 expire: 30 are taken from what there is."""
    with on("2026-01-01"):
        ben = await till.customer()
        await till.sells(ben, "5.00")
        await spends(till, ben, 30)
    with on("2026-03-01"):
        ana = await till.customer()
        await till.sells(ana, "5.00")
        merge = await merged(till, ana, ben)
        assert await have(till, ana) == [70]
        assert (await undone(till, merge))["userErrors"] == []
        assert await have(till, ana, ben) == [100, 0]
        await holds(till)


async def test_what_expired_at_the_survivors_is_not_owed_either(till: Till) -> None:
    """It came over with one merge, expired there, and is counted with the next."""
    with on("2026-01-01"):
        ana, ben, cleo = [await till.customer() for _ in range(3)]
        await till.sells(ben, "5.00")
        await merged(till, ana, ben)
    with on("2026-03-01"):
        assert await have(till, ana) == [0]
        await till.sells(cleo, "5.00")
        await merged(till, cleo, ana)
        assert await have(till, cleo) == [100]
        await holds(till)


async def test_what_had_expired_is_the_survivors_once_another_merge_is_undone(till: Till) -> None:
    """Who was given it, though it has expired, is not given it again."""
    with on("2026-01-01"):
        ben = await till.customer()
        await till.sells(ben, "5.00")
    with on("2026-03-01"):
        ana, cleo = await till.customer(), await till.customer()
        await till.sells(cleo, "5.00")
        first = await merged(till, ana, cleo)
        await merged(till, ana, ben)
        assert (await undone(till, first))["userErrors"] == []
        assert await have(till, ana, cleo) == [0, 100]
        await till.sells(ana, "5.00")
        assert await have(till, ana) == [0]
        await holds(till)


@pytest.mark.parametrize(("way", "survivor"), [("b", "a"), ("ba", "b")])
async def test_what_one_had_after_the_other_is_kept(till: Till, way: str, survivor: str) -> None:
    """Of one purchase, which was given on: what was reversed at the one does not take away what the other has."""
    with on("2026-01-01"):
        who = {"a": await till.customer(), "b": await till.customer()}
        sale = await till.sells(who["a"], "5.00")
        for one in way:
            await moved(till, sale, who[one])
        kept, gone = (who["a"], who["b"]) if survivor == "a" else (who["b"], who["a"])
        before = await have(till, kept, gone)
        merge = await merged(till, kept, gone)
        assert await have(till, kept) == [100]
        await till.sells(kept, "5.00")  # once
        assert await have(till, kept) == [100]
        await holds(till)
        assert (await undone(till, merge))["userErrors"] == []
        assert await have(till, kept, gone) == before
        await merged(till, kept, gone)
        await till.voids(sale)
        assert await have(till, kept) == [0]
        await holds(till)
