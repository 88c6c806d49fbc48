"""Writes the demo's story into a database, by the services that production uses."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import TypeVar

from regulars_core.customers import registration as customers
from regulars_core.customers import rules as customer_rules
from regulars_core.customers.changes import set_status
from regulars_core.customers.notes.service import add_note
from regulars_core.groups.service import create_group
from regulars_core.primitives.clock import Instant, now, start_of
from regulars_core.primitives.ids import MAIN_STORE_ID
from regulars_core.purchases import rules as purchase_rules
from regulars_core.purchases import service as purchases
from regulars_core.purchases.reads import lines_of
from regulars_core.purchases.refundable import WantedLine
from regulars_core.purchases.refunds import refund, void
from regulars_core.shop.shop import Shop
from regulars_core.stores.service import change_store, create_store
from regulars_server.demo import loyalty, offers
from regulars_server.demo.baskets import Sale
from regulars_server.demo.people import GROUPS, STORES, Person
from regulars_server.demo.rhythm import Calendar
from regulars_server.demo.story import Note, Story, story_of

T = TypeVar("T")
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """How much of everything the demo consists of; `purchases` includes those voided and those refunded."""

    customers: int
    groups: int
    stores: int
    purchases: int
    refunds: int
    voids: int
    notes: int

    def __str__(self) -> str:
        """All of it in a sentence."""
        return (
            f"{self.customers} customers, {self.groups} groups, {self.stores} stores, {self.purchases} purchases"
            f" ({self.refunds} refunds, {self.voids} voided) and {self.notes} notes."
        )


async def fill(shop: Shop, *, seed: int = 7, today: Instant | None = None) -> DemoSummary:
    """Fill a migrated database that nobody has used yet with the two years before `today`, now if it is absent.

    Raises Refused if the database has some of it already: stores and groups come first, and their names are taken.
    """
    calendar = Calendar(now() if today is None else today, shop.settings.zone)
    story = story_of(Random(seed), calendar, shop.settings)
    stores, groups = await _places(shop)
    ids = await _register(shop, story.people, stores, groups)
    await loyalty.decree(shop, calendar)
    await offers.collect(shop, calendar)
    recorded = await _record(shop, story.sales, stores, ids)
    await _refund_and_void(shop, story, recorded)
    await loyalty.reward(shop, calendar, ids)
    await offers.offer(shop, calendar, ids, groups)
    notes = await _write_notes(shop, story.notes, ids)
    await _set_statuses(shop, story.people, ids)
    await _date_back(shop, calendar, story, ids, notes)
    return DemoSummary(
        len(story.people), len(groups), len(stores), len(recorded), len(story.returns), len(story.voids), len(notes)
    )


async def _places(shop: Shop) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Makes the stores and the groups; answers the id of each store by code, and of each group by name."""

    async def work() -> tuple[Mapping[str, str], Mapping[str, str]]:
        await change_store(shop, MAIN_STORE_ID, {"name": STORES["MAIN"][0]})
        stores = {code: await create_store(shop, code, name) for code, (name, _) in STORES.items() if code != "MAIN"}
        groups = {name: await create_group(shop, name, description) for name, description in GROUPS.items()}
        return {"MAIN": MAIN_STORE_ID, **stores}, groups

    return await shop.database.transaction(work)


async def _register(
    shop: Shop, people: Sequence[Person], stores: Mapping[str, str], groups: Mapping[str, str]
) -> Mapping[Person, str]:
    """Registers everybody; answers the id of each."""
    checked = [
        customer_rules.checked(
            shop.settings,
            replace(
                person.new,
                group_id=groups[person.group] if person.group else None,
                origin_store_id=stores[person.origin] if person.origin else None,
            ),
            complete=False,
        )
        for person in people
    ]
    ids: list[str] = []
    for batch in _batches(checked):
        ids += await customers.register(shop, await customers.give_codes(shop, batch))
    return dict(zip(people, ids, strict=True))


async def _record(
    shop: Shop, sales: Sequence[Sale], stores: Mapping[str, str], ids: Mapping[Person, str]
) -> list[tuple[str, int]]:
    """Records every purchase; answers the id and the total of each."""
    checked = [
        purchase_rules.checked(
            replace(
                sale.purchase,
                store_id=stores[sale.store],
                customer_id=ids[sale.person] if sale.person else None,
            ),
            shop.currency,
        )
        for sale in sales
    ]
    recorded: list[tuple[str, int]] = []
    for batch in _batches(checked):
        outcomes = await purchases.record(shop, batch)
        for purchase, outcome in zip(batch, outcomes, strict=True):
            if outcome.id is None or not outcome.created:
                raise RuntimeError(f"the demo's purchase {purchase.reference} was there before")
            recorded.append((outcome.id, purchase.total))
    return recorded


async def _refund_and_void(shop: Shop, story: Story, recorded: Sequence[tuple[str, int]]) -> None:
    async def work() -> None:
        lines = await lines_of(shop.database, sorted({recorded[each.sale][0] for each in story.returns}))
        for each in story.returns:
            purchase_id, total = recorded[each.sale]
            if each.lines is None:
                amount = max(1, total * each.percent // 100)
                await refund(shop, purchase_id, amount=amount, reason=each.reason, at=each.at)
            else:
                receipt = lines[purchase_id]
                wanted = {receipt[place].id: WantedLine(quantity) for place, quantity in each.lines}
                await refund(shop, purchase_id, lines=wanted, reason=each.reason, at=each.at)
        for n in story.voids:
            await void(shop, recorded[n][0])

    await shop.database.transaction(work)


async def _write_notes(shop: Shop, notes: Sequence[Note], ids: Mapping[Person, str]) -> list[str]:
    async def work() -> list[str]:
        return [await add_note(shop, ids[note.person], {"body": note.body}, note.author) for note in notes]

    return await shop.database.transaction(work)


async def _set_statuses(shop: Shop, people: Sequence[Person], ids: Mapping[Person, str]) -> None:
    async def work() -> None:
        for person in people:
            if person.status != "ACTIVE":
                await set_status(shop, ids[person], person.status)

    await shop.database.transaction(work)


async def _date_back(
    shop: Shop, calendar: Calendar, story: Story, ids: Mapping[Person, str], note_ids: Sequence[str]
) -> None:
    """Move to its time in the story what the services have dated with this moment: nobody writes 200 notes in a second."""
    opened = start_of(calendar.first, calendar.zone)
    put_away = [
        (ids[person], min(start_of(person.last_seen + timedelta(days=60), calendar.zone), calendar.today))
        for person in story.people
        if person.status != "ACTIVE"
    ]

    async def work() -> None:
        database = shop.database
        await database.run_many(
            "UPDATE customer_note SET created_at = $2, updated_at = $2 WHERE id = $1",
            [(note_id, note.at) for note_id, note in zip(note_ids, story.notes, strict=True)],
        )
        await database.run_many(
            "UPDATE store SET created_at = $2, updated_at = $2 WHERE code = $1",
            [(code, start_of(calendar.day(day), calendar.zone)) for code, (_, day) in STORES.items()],
        )
        await database.run("UPDATE customer_group SET created_at = $1, updated_at = $1", opened)
        await database.run("UPDATE customer SET updated_at = created_at")
        await database.run_many("UPDATE customer SET updated_at = $2 WHERE id = $1", put_away)
        await database.run("UPDATE purchase SET recorded_at = purchased_at")

    await shop.database.transaction(work)


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[n : n + _BATCH] for n in range(0, len(items), _BATCH))
