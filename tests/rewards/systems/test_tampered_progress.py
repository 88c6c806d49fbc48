"""The verification finds progress that is not what it is made of, and finds nothing else."""

from collections.abc import Callable

import pytest

from regulars_core.plugin import Shop
from regulars_rewards.progress.verification import differences
from tests.rewards.systems.conftest import Club, bands

CHANGES = {
    "UPDATE rewards_progress SET progress = progress + 1": [
        "is 21 by its row, and 20 by what",
        "is 21 by its row, and 20 by its entries",
    ],
    "UPDATE rewards_progress SET units = '61'": ["are 61 by their row, and 60 by what was earned"],
    "UPDATE rewards_progress SET issued = 2": ["are 2 by their row, and 1 that live"],
    "UPDATE rewards_earning SET earned = earned + 3": [
        "are 60 by their row, and 66 by what was earned",
        "is 20 by its row, and 26 by what",
    ],
    "UPDATE rewards_given SET cost = 39": ["is 20 by its row, and 21 by what"],
    "UPDATE rewards_given SET taken_back_at = 1, why = 'REFUND'": [
        "are 1 by their row, and 0 that live",
        "is 20 by its row, and 60 by what",
        "is taken back, and its entries do not say so",
    ],
    "DELETE FROM rewards_given": ["are 1 by their row, and 0 that live", "is 20 by its row, and 60 by what"],
    "UPDATE rewards_entry SET delta = 31 WHERE progress_after = 30": [
        "is 20 by its row, and 21 by its entries",
        "leaves 30 of progress, and 31 by the entries before it",
    ],
    "UPDATE rewards_entry SET progress_after = 61 WHERE progress_after = 60": [
        "leaves 20 of progress, and 21 by",
        "leaves 61 of progress, and 60 by",
    ],
    "UPDATE rewards_entry SET cause = 'MERGE' WHERE cause = 'ISSUE'": ["is given, and its entries do not say so"],
    "UPDATE rewards_entry SET cause = 'GRANT' WHERE progress_after = 60": ["is 20 by its row, and 50 by what"],
    "UPDATE purchase SET customer_id = NULL": ["is somebody else's", "is somebody else's"],
    "DELETE FROM rewards_progress": ["rows of rewards_earning", "rows of rewards_entry", "rows of rewards_given"],
}


class Undone(Exception):
    """So that nothing of it stays."""


async def without_laws(shop: Shop) -> None:
    """Drop what keeps the tables of rewards as they are, as a superuser can."""
    database = shop.database
    if database.engine == "sqlite":
        names = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'rewards%'"
        for (name,) in await database.rows(names):
            await database.run(f"DROP TRIGGER {name}")
        return
    for (table,) in await database.rows(
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename LIKE 'rewards%'"
    ):
        await database.run(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        await database.run(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_law")


@pytest.mark.parametrize("change", CHANGES)
async def test_whoever_writes_past_the_laws_is_found(club: Club, change: str) -> None:
    """Ana has 60 and a reward of 40: 20 are left."""
    ana = await club.till.customer()
    await club.opens(target=40, bands=bands((0, None, 30)))
    for _ in range(2):
        await club.buys(ana, "10.00")
    assert await club.has(ana) == (20, 1)
    assert await club.wrong() == []
    found: list[str] = []

    async def work() -> None:
        await without_laws(club.shop)
        await club.shop.database.run(change)
        found.extend([one async for one in differences(club.shop)])
        raise Undone

    with pytest.raises(Undone):
        await club.shop.database.transaction(work)
    assert len(found) == len(CHANGES[change]), found
    for said, one in zip(sorted(CHANGES[change]), sorted(found, key=_order(CHANGES[change])), strict=True):
        assert said in one


def _order(expected: list[str]) -> Callable[[str], str]:
    return lambda told: next((said for said in expected if said in told), told)
