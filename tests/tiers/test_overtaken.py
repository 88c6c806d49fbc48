"""Somebody else is quicker, between what a purchase has looked up and what it writes: nothing of either is lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import regulars_tiers
from regulars_core.customers.changes import locked_customer
from regulars_core.events.replay import catch_up
from regulars_core.plugin import Plugins, Shop, hold, instant_of, plugins_on
from regulars_core.purchases.statistics import differences as miscounted
from regulars_core.testing import ImportOptions, import_purchases, opened_shop
from regulars_tiers.policy_versions import change_policy, checked
from regulars_tiers.reassessment import mark_all
from tests.support.gates import Gate
from tests.tiers.conftest import Owner

on_postgres = pytest.mark.parametrize("engine", ["postgres"], indirect=True)
BARE, TIERS = plugins_on(), plugins_on({"tiers": regulars_tiers})


def policy(threshold: str, days: int | None = None) -> dict[str, Any]:
    """Whoever spends this much, in so many days or ever, is in tier A; everybody else in C."""
    window = {"window": "LIFETIME"} if days is None else {"window": "ROLLING", "days": days}
    criterion = {"metric": "NET_SPEND", "threshold": threshold, **window}
    tiers = [{"code": "A", "name": "A", "criteria": [[criterion]]}, {"code": "C", "name": "C"}]
    return {"grace_days": 0, "tiers": tiers}


async def decree(shop: Shop, data: dict[str, Any], since: str = "2020-01-01") -> int:
    """Put a policy in force from a day on, and leave it to the job to measure everybody by it."""
    return await change_policy(
        shop, checked(shop, data), instant_of(datetime.fromisoformat(f"{since}T00:00:00Z")), "somebody"
    )


Stack = Callable[[Plugins], Awaitable[Shop]]


@pytest.fixture
async def stack(database_url: str, no_settings_from_outside: None) -> AsyncIterator[Stack]:
    """Opens the test's database with plugins, as a process of its own would."""
    async with AsyncExitStack() as opened:
        yield lambda on: opened.enter_async_context(opened_shop(database_url, on))


@pytest.fixture
def plugins() -> Plugins:
    """The test's database has the tables of tiers."""
    return TIERS


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
async def here(stack: Stack, gate: Gate) -> Owner:
    """Where the purchase is that has to wait, before tiers are told of it."""
    return Owner(await stack(plugins_on({"gate": gate, "tiers": regulars_tiers})))


@pytest.fixture
async def there(stack: Stack, here: Owner) -> Owner:
    """The same shop elsewhere."""
    return elsewhere(await stack(TIERS))


def elsewhere(shop: Shop) -> Owner:
    """Somebody whose receipts have other numbers."""
    owner = Owner(shop)
    owner._numbers = count(next(_HUNDREDS))
    return owner


_HUNDREDS = count(100, 100)


async def all_is_well(owner: Owner) -> None:
    """After the job, everything equals its recount."""
    await owner.job()
    assert [one async for one in miscounted(owner.shop.database)] == []
    assert await owner.wrong() == []


def basket(customer: str, lines: int, reference: str, total: str = "90.00") -> dict[str, Any]:
    """A purchase of so many lines."""
    rest = [{"name": f"Tea {n}", "total": "0.00"} for n in range(1, lines)]
    day = "2026-01-05T12:00:00Z"
    return {
        "reference": reference,
        "customerId": customer,
        "purchasedAt": day,
        "lines": [{"name": "Tea", "total": total}, *rest],
    }


Doing = Callable[[Owner, str, str, Path], Awaitable[object]]


async def _file(owner: Owner, customer: str, _: str, folder: Path) -> None:
    code = (await owner.api.data("query($id: ID!) { customer(id: $id) { code } }", id=customer))["customer"]["code"]
    rows = "".join(f"F{n},2026-01-0{n}T09:00:00Z,{code},Tea,150.00\n" for n in (1, 2))
    (folder / "f.csv").write_text(f"reference,purchased_at,customer_code,name,total\n{rows}")
    report = await import_purchases(owner.shop, folder / "f.csv", ImportOptions(), lambda _, __: None)
    assert report.rejected == 0


DONE: Mapping[str, Doing] = {
    "a purchase": lambda owner, customer, *_: owner.sells(customer, "150.00", "2026-01-03"),
    "a long purchase": lambda owner, customer, *_: owner.api.done(
        "purchaseRecord", "created", basket(customer, 60, "long there", "150.00")
    ),
    "a file": _file,
    "a refund": lambda owner, _, purchase, __: owner.refunds(purchase, "60.00", "2026-01-04"),
    "a void": lambda owner, _, purchase, __: owner.api.done("purchaseVoid", "purchase { id }", {"purchaseId": purchase}),
    "an assignment": lambda owner, customer, *_: owner.api.done(
        "tierAssign", "customer { id }", {"customerId": customer, "tier": "A", "reason": "A friend", "mode": "EXACT"}
    ),
    "a reassessment": lambda owner, customer, *_: owner.api.done(
        "tiersReassess", "movedCount", {"customerId": customer}
    ),
}  # fmt: skip


@pytest.mark.parametrize("lines", [1, 60], ids=["short", "long"])
@pytest.mark.parametrize("what", DONE)
async def test_whatever_somebody_else_does_to_the_customer(
    here: Owner, there: Owner, gate: Gate, what: str, lines: int, tmp_path: Path
) -> None:
    customer = await here.customer()
    bought = await here.sells(customer, "100.00", "2026-01-02")
    await here.sells(customer, "1.00", "2026-01-02")
    mine = here.api.done("purchaseRecord", "created", basket(customer, lines, "mine"))
    await gate.while_it_waits(mine, lambda: DONE[what](there, customer, bought, tmp_path))
    overtaken = (
        here.shop.database.engine == "postgres" and lines == 1
    )  # what is copied has been sent, and holds the customer
    assert gate.times == 1 + overtaken
    await all_is_well(there)


async def test_who_is_found_by_contact_is_held_as_well(here: Owner, there: Owner, gate: Gate) -> None:
    """The customer is found inside a savepoint, which is undone with everything else."""
    named = {"firstName": "Ana", "lastName": "Li", "email": "ana@example.com"}
    made = await here.api.done("customerCreate", "customer { id }", named)
    customer = made["customer"]["id"]
    for total in ("100.00", "1.00"):
        await here.sells(customer, total, "2026-01-02")
    given = {**basket(customer, 1, "mine"), "customer": named}
    del given["customerId"]
    mine = here.api.done("purchaseRecord", "created customerCreated", given)
    await gate.while_it_waits(mine, lambda: there.sells(customer, "150.00", "2026-01-03"))
    assert gate.times == (2 if here.shop.database.engine == "postgres" else 1)
    rows = await here.shop.database.rows("SELECT count(*), count(DISTINCT customer_id) FROM purchase")
    assert [tuple(row) for row in rows] == [(4, 1)]
    await all_is_well(there)


@pytest.mark.parametrize("job", [False, True], ids=["before its job", "after its job"])
async def test_a_policy_that_comes_into_force(here: Owner, there: Owner, gate: Gate, job: bool) -> None:
    """Whoever has looked up the policy before is either measured anew by the job, or begins again because the job was quicker."""
    customer = await here.customer()
    for total in ("100.00", "1.00"):
        await here.sells(customer, total, "2026-01-02")

    async def decreed() -> None:
        await decree(there.shop, policy("150.00"))
        if job:
            await there.job()

    await gate.while_it_waits(here.sells(customer, "90.00", "2026-01-05"), decreed)
    await all_is_well(there)
    assert await there.tier(customer, "2026-01-06") == "A"
    known = await there.shop.database.rows("SELECT policy FROM tier_standing")
    assert [row[0] for row in known] == [1]


@on_postgres
@pytest.mark.parametrize("lines", [1, 60], ids=["short", "long"])
async def test_whoever_waited_to_write_looks_again(here: Owner, there: Owner, lines: int) -> None:
    customer, written, go_on = await here.customer(), asyncio.Event(), asyncio.Event()
    await here.sells(customer, "100.00", "2026-01-02")
    await here.sells(customer, "1.00", "2026-01-02")

    async def slowly() -> None:
        await there.sells(customer, "150.00", "2026-01-03")
        await there.shop.database.rows("SELECT 1")  # what waits is sent
        written.set()
        await go_on.wait()

    async with asyncio.timeout(20):
        selling = asyncio.create_task(there.shop.database.transaction(slowly))
        await written.wait()
        waiting = asyncio.create_task(here.api.done("purchaseRecord", "created", basket(customer, lines, "mine")))
        while not await here.shop.database.row("SELECT 1 FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        go_on.set()
        await asyncio.gather(selling, waiting)
    await all_is_well(there)


async def test_a_policy_that_asks_for_more_than_was_known_here(here: Owner, there: Owner) -> None:
    """Elsewhere a policy with a longer window came into force and everybody was assessed by it: the first purchase here is
    measured by it, and not by what was looked up for the policy before."""
    customer = await here.customer()
    await here.sells(customer, "150.00", "2026-01-05")
    await here.sells(customer, "10.00", "2026-03-01")  # now the policy is remembered here
    await decree(there.shop, policy("200.00", 365))
    await there.job()
    await here.sells(customer, "100.00", "2026-03-02")
    assert await there.tier(customer, "2026-03-03") == "A"
    await all_is_well(there)


async def test_standings_that_are_to_be_made_anew_stay_marked(here: Owner, there: Owner, gate: Gate) -> None:
    customer = await here.customer()
    await here.sells(customer, "150.00", "2026-01-05")

    await gate.while_it_waits(here.sells(customer, "6000.00", "2026-01-06"), lambda: mark_all(there.shop))
    waiting = await there.api.data("{ tierPolicy { waitingCount } }")
    assert waiting == {"tierPolicy": {"waitingCount": 1}}
    await all_is_well(there)


async def test_what_was_missed_is_told_while_somebody_buys(here: Owner, there: Owner, gate: Gate, stack: Stack) -> None:
    """A process without tiers has sold something; one that has tiers is told of it while a third sells."""
    bare, customer = elsewhere(await stack(BARE)), await here.customer()
    await here.sells(customer, "1.00", "2026-01-01")
    await bare.sells(customer, "600.00", "2026-01-10")
    mine = here.api.done("purchaseRecord", "created", basket(customer, 1, "mine", "700.00"))
    await gate.while_it_waits(mine, lambda: catch_up(there.shop, "tiers"))
    await all_is_well(there)


async def test_of_two_policies_at_once_none_is_passed_over(here: Owner, there: Owner) -> None:
    """The one that was begun first may come into force last; whoever was assessed by the other one meanwhile knows of both in
    the end."""
    customer, begun, go_on = await here.customer(), asyncio.Event(), asyncio.Event()
    await here.sells(customer, "150.00", "2026-01-05")

    async def slowly() -> None:
        await decree(here.shop, policy("100.00"), "2025-01-01")
        begun.set()
        await go_on.wait()

    async def quickly() -> None:
        await decree(there.shop, policy("1000.00"))
        await there.job()

    one = asyncio.create_task(here.shop.database.transaction(slowly))
    await begun.wait()
    other = asyncio.create_task(quickly())
    await asyncio.wait({other}, timeout=0.5)
    go_on.set()
    await asyncio.gather(one, other)
    await there.job()
    numbers = [row[0] for row in await here.shop.database.rows("SELECT number FROM tier_policy ORDER BY number")]
    assert numbers == [1, 2]
    known = await here.shop.database.rows("SELECT policy FROM tier_standing")
    assert [row[0] for row in known] == [2]
    await all_is_well(there)


@on_postgres
async def test_who_waits_for_a_customer_has_touched_no_standing(here: Owner, there: Owner) -> None:
    """The statistics first, then the standing: whoever sells comes the same way, and PostgreSQL would tear a ring after a second
    only."""
    customer = await here.customer()
    await here.sells(customer, "150.00", "2026-01-05")
    async with Rival(here.shop, customer).holding(), asyncio.timeout(5):
        reassessing = asyncio.create_task(there.api.done("tiersReassess", "movedCount", {"customerId": customer}))
        while not await here.shop.database.row("SELECT 1 FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        touched = "SELECT 1 FROM pg_locks WHERE relation = 'tier_standing'::regclass AND mode = 'RowExclusiveLock'"
        assert await here.shop.database.row(touched) is None
    await reassessing
    await all_is_well(there)


@on_postgres
async def test_who_edits_a_customer_keeps_nobody_from_selling(here: Owner, there: Owner) -> None:
    customer = await here.customer()
    await here.sells(customer, "150.00", "2026-01-05")

    async def editing() -> None:
        await locked_customer(there.shop, customer.partition("_")[2])
        async with asyncio.timeout(1):
            await here.sells(customer, "10.00", "2026-01-06")

    await there.shop.database.transaction(editing)
    await all_is_well(there)


@on_postgres
async def test_who_must_stop_half_way_has_done_nothing(here: Owner, there: Owner) -> None:
    """As at the deadline of a request: while the only statement waits for somebody else, and while it all runs again and waits
    to hold the customer."""
    customer = await here.customer()
    await here.sells(customer, "150.00", "2026-01-05")
    first, second = Rival(there.shop, customer), Rival(there.shop, customer)
    async with first.holding():
        buying = asyncio.create_task(here.sells(customer, "400.00", "2026-01-06"))
        await asyncio.sleep(0.2)
        await stopped(buying)
    async with first.holding():
        buying = asyncio.create_task(here.sells(customer, "400.00", "2026-01-06"))
        await asyncio.sleep(0.2)
        queueing = asyncio.create_task(second.begin())
        await asyncio.sleep(0.2)
    await queueing
    await asyncio.sleep(0.2)  # overtaken by the first one, the purchase waits for the second one now
    await stopped(buying)
    await second.end()
    await all_is_well(there)
    assert [row[0] for row in await there.shop.database.rows("SELECT count(*) FROM purchase")] == [1]
    assert here.shop.database._root._pool.lent == 0


async def stopped(task: "asyncio.Task[Any]") -> None:
    """Cancel something that is under way, and wait until it has ended."""
    assert not task.done()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


class Rival:
    """Holds a customer, and moves it, in a transaction that lasts as long as one likes."""

    def __init__(self, shop: Shop, customer: str) -> None:
        self._database, self._id = shop.database, customer.partition("_")[2]
        self._held, self._end = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Hold the customer."""
        self._held.clear()
        self._end.clear()
        self._task = asyncio.create_task(self._database.transaction(self._hold))
        await self._held.wait()

    async def end(self) -> None:
        """Commit."""
        assert self._task is not None
        self._end.set()
        await self._task

    @asynccontextmanager
    async def holding(self) -> AsyncIterator[None]:
        """Hold the customer inside."""
        await self.begin()
        try:
            yield
        finally:
            await self.end()

    async def _hold(self) -> None:
        await hold(self._database, [self._id])
        self._held.set()
        await self._end.wait()
