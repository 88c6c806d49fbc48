"""The copy of the texts of those seen last: whatever happens, a quick search that reads it finds whom it would find without."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import pytest

from regulars_core.contribution import VERIFICATIONS
from regulars_core.customers import quick_search as quick_search_module
from regulars_core.customers.changes import change, set_status
from regulars_core.customers.quick_search import QuickSearch, quick_search
from regulars_core.customers.registration import give_codes, register
from regulars_core.customers.rules import CustomerChanges, NewCustomer, checked
from regulars_core.customers.search import recent
from regulars_core.customers.search.texts import names_text
from regulars_core.database import Database
from regulars_core.primitives.clock import Instant, now
from regulars_core.purchases.statistics import StatsDelta, add_purchases, recount
from regulars_core.shop.shop import Shop

HOUR = 3_600_000
NAMES = ("Ana", "Anabel", "Anita", "Bea", "Ben", "Zoë")


async def enter(shop: Shop, name: str, at: int) -> str:
    """A customer who has been registered at an instant."""
    new = checked(shop.settings, NewCustomer(name, "Li", created_at=Instant(at)))
    [id_] = await register(shop, await give_codes(shop, [new]))
    return id_


async def visit(shop: Shop, customer: str, at: int) -> None:
    """A purchase, as far as statistics go."""
    delta = StatsDelta(100, [Instant(at)])
    await shop.database.transaction(lambda: add_purchases(shop, {customer: delta}))


async def wrong(shop: Shop) -> list[str]:
    """What the verification finds."""
    [verification] = [one for one in VERIFICATIONS if one.name == "recent-text"]
    return [sentence async for sentence in verification.differences(shop)]


async def copied(shop: Shop) -> set[str]:
    """Whose texts are there."""
    return {row[0] for row in await shop.database.rows("SELECT customer_id FROM recent_text")}


@dataclass
class Life:
    """Things that happen to a shop's customers, at random; and who is to be found."""

    shop: Shop
    chance: random.Random
    names: dict[str, str]

    @property
    def anybody(self) -> str:
        return self.chance.choice(list(self.names))

    @property
    def some_time(self) -> int:
        return now() - (self.chance.randrange(60_000, HOUR) if self.chance.random() < 0.9 else 0)

    async def register(self) -> None:
        name = self.chance.choice(NAMES)
        self.names[await enter(self.shop, name, self.some_time)] = name

    async def visit(self) -> None:
        await visit(self.shop, self.anybody, self.some_time)

    async def void(self) -> None:
        customer = self.anybody  # who has bought nothing, as far as purchases go
        await self.shop.database.transaction(lambda: recount(self.shop, [customer]))

    async def rename(self) -> None:
        customer, name = self.anybody, self.chance.choice(NAMES)
        await change(self.shop, customer, CustomerChanges(first_name=name))
        self.names[customer] = name

    async def put_away(self) -> None:
        await set_status(self.shop, self.anybody, self.chance.choice(("ACTIVE", "INACTIVE")))

    async def remove(self) -> None:
        customer = self.anybody
        del self.names[customer]
        await self.shop.database.transaction(
            lambda: self.shop.database.run("DELETE FROM customer WHERE id = $1", customer)
        )

    async def renew(self) -> None:
        await recent.renew(self.shop.database, self.chance.choice((3, 10, 20, 1_000)))

    async def expected(self, word: str, first: int) -> Sequence[str]:
        rows = await self.shop.database.rows(
            "SELECT c.id FROM customer c JOIN customer_stats s ON s.customer_id = c.id WHERE c.status = 'ACTIVE'"
            " ORDER BY s.active_at DESC, c.id DESC"
        )
        return [row[0] for row in rows if all(part in self.names[row[0]].lower() for part in word.split())][:first]


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_the_same_are_found(shop: Shop, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    for limit, number in (("MAX_UNCOPIED", 6), ("MAX_WALK", 4), ("MAX_WALK_FOR_FEW", 2), ("MANY_HITS", 5)):
        monkeypatch.setattr(quick_search_module, limit, number)  # so that each way is taken among a few dozen
    life = Life(shop, random.Random(seed), {})
    for _ in range(25):
        await life.register()
    happenings: Sequence[Callable[[], Awaitable[None]]] = (
        *[life.visit] * 5, *[life.rename] * 3, *[life.void] * 2, *[life.renew] * 3, life.register, life.put_away, life.remove,
    )  # fmt: skip
    ever_copied = set()
    for _ in range(120):
        await life.chance.choice(happenings)()
        assert await wrong(shop) == []
        for word, first in (("ana", 3), ("ben", 2), ("nab", 8), ("zoe", 4), ("nab ana", 8)):
            rows = await quick_search(shop.database, QuickSearch.of(word, first, include_archived=False))
            found = word.replace("zoe", "zoë")
            assert [row.id for row in rows] == await life.expected(found, first), (word, first)
        ever_copied |= await copied(shop)
    assert len(ever_copied) > 20


async def test_those_seen_last_are_copied(shop: Shop) -> None:
    old, ana, bea = [await enter(shop, name, now() - ago * HOUR) for name, ago in (("Old", 3), ("Ana", 2), ("Bea", 1))]
    await enter(shop, "New", now())
    assert await copied(shop) == set()
    await recent.renew(shop.database, 3)
    assert await copied(shop) == {ana, bea}  # the third of three is of the present, and read where it stands
    await visit(shop, old, now() - HOUR // 2)
    assert await copied(shop) == {ana, bea, old}  # by the trigger
    await recent.renew(shop.database, 3)
    assert await copied(shop) == {bea, old}
    await shop.database.transaction(lambda: shop.database.run("DELETE FROM customer WHERE id = $1", bea))
    assert await copied(shop) == {old}


async def test_a_late_receipt_from_before_the_span_writes_nothing(shop: Shop) -> None:
    customers = [await enter(shop, "Ana", now() - ago * HOUR) for ago in (3, 2, 1)]
    await recent.renew(shop.database, 1)
    await visit(shop, customers[0], now() - 2 * HOUR)
    assert await copied(shop) == {customers[2]}


async def test_a_wrong_copy_is_told(shop: Shop) -> None:
    ana, bea, cia, _ = [await enter(shop, name, now() - HOUR) for name in ("Ana", "Bea", "Cia", "Dia")]
    await recent.renew(shop.database)
    assert await wrong(shop) == []

    async def damage() -> None:
        await shop.database.run("DELETE FROM recent_text WHERE customer_id = $1", ana)
        await shop.database.run("UPDATE recent_text SET seen_at = seen_at - 1 WHERE customer_id = $1", bea)
        await shop.database.run("UPDATE recent_text SET names = '  eve' WHERE customer_id = $1", cia)

    await shop.database.transaction(damage)
    assert [sentence.split(":")[0] for sentence in await wrong(shop)] == sorted(
        f"customer_{customer}" for customer in (ana, bea, cia)
    )


async def test_stopped_half_way_it_is_right_for_what_it_says(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "_BATCH", 1)
    customers = [await enter(shop, "Ana", now() - HOUR - n * 1_000) for n in range(30)]
    for kept, stop_at in ((5, 3), (10, 12), (3, 2), (30, 25)):
        renewing = asyncio.create_task(recent.renew(shop.database, kept))
        for _ in range(1_000):
            if renewing.done() or len(await copied(shop)) >= stop_at:
                break
        renewing.cancel()
        await asyncio.wait({renewing})
        await visit(shop, customers[kept - 1], now() - HOUR // 2)
        assert await wrong(shop) == []
        found = await quick_search(shop.database, QuickSearch.of("ana", 50, include_archived=False))
        assert found[0].id == customers[kept - 1]
        assert {row.id for row in found} == set(customers)


async def test_whoever_writes_while_it_is_renewed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Renamed, seen and removed by others, again and again, while the copy is made and made again."""
    monkeypatch.setattr(recent, "_BATCH", 7)
    customers = [await enter(shop, "Ana", now() - HOUR - n) for n in range(40)]
    ended = False

    async def renew() -> None:
        while not ended:
            await recent.renew(shop.database, random.choice((10, 30, 40)))

    async def live(number: int) -> None:
        chance = random.Random(number)
        for turn in range(25):
            customer = customers[chance.randrange(len(customers))]
            if chance.random() < 0.5:
                await change(shop, customer, CustomerChanges(first_name=f"Name{number} {turn}"))
            else:
                await visit(shop, customer, now() - chance.randrange(60_000, HOUR))

    renewing = asyncio.create_task(renew())
    await asyncio.gather(*(live(number) for number in range(4)))
    ended = True
    await renewing
    await recent.renew(shop.database, 40)
    assert await wrong(shop) == []
    found = await shop.database.rows(
        "SELECT c.first_name, c.code, r.names FROM recent_text r JOIN customer c ON c.id = r.customer_id"
    )
    assert len(found) == len(customers)
    assert [row[2] for row in found] == [names_text(row[0], "Li", None, row[1]) for row in found]


async def test_who_comes_into_the_span_while_it_is_filled(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a visit of long ago that is recorded after those who are missing were counted, when the span's end is still the old
    one."""
    customers = [await enter(shop, "Ana", now() - HOUR - n) for n in range(3)]
    late = await enter(shop, "Ana", now() - 5 * HOUR)
    indexed = recent._index

    async def meanwhile(database: Database) -> None:
        if await copied(shop) == set(customers):
            await visit(shop, late, now() - HOUR // 2)
        await indexed(database)

    monkeypatch.setattr(recent, "_index", meanwhile)
    await recent.renew(shop.database, 3)
    assert await copied(shop) == {*customers, late}
    assert await wrong(shop) == []


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_nobody_waits_for_who_is_being_changed(shop: Shop) -> None:
    """Somebody holds a text for long, and the others of its batch can buy."""
    customers = sorted([await enter(shop, "Ana", now() - HOUR) for _ in range(3)])
    held, go_on = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        await shop.database.run("UPDATE customer_text SET names = '  eve' WHERE customer_id = $1", customers[2])
        held.set()
        await go_on.wait()

    holding = asyncio.create_task(shop.database.transaction(hold))
    await held.wait()
    renewing = asyncio.create_task(recent.renew(shop.database))
    while await copied(shop) != set(customers[:2]):
        assert not renewing.done()
    await visit(shop, customers[0], now() - HOUR // 2)
    assert not renewing.done()
    go_on.set()
    await asyncio.gather(holding, renewing)
    assert await copied(shop) == set(customers)
    assert await wrong(shop) == []
