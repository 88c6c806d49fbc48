"""What a customer agrees to or refuses, written down."""

from collections.abc import Sequence, Set

from regulars_core.audit import changed
from regulars_core.customers.changes import locked_customer
from regulars_core.customers.consents.entries import CheckedConsent, ConsentEntry, checked_consents, unasked_refusals
from regulars_core.customers.consents.reads import ConsentRow, asked_about
from regulars_core.customers.consents.rules import State
from regulars_core.customers.consents.writes import write
from regulars_core.primitives.checks import Checks
from regulars_core.shop.shop import Shop


async def record(shop: Shop, customer_id: str, entries: Sequence[ConsentEntry]) -> list[ConsentRow]:
    """Write down what a customer agrees to or refuses, all of it or nothing; the records, in the order of the entries. Raises
    Refused: NOT_FOUND, and what `checked_consents` tells."""
    checks = Checks()
    if not entries:
        checks.fail("REQUIRED", "Say at least one thing that the customer agrees to or refuses.", "entries")
    said = await _said_before(shop, customer_id) if unasked_refusals(shop.settings, entries) else frozenset[str]()
    checked = checked_consents(shop.settings, checks, entries, "entries", said)
    checks.refuse()
    return await record_checked(shop, customer_id, checked)


async def _said_before(shop: Shop, customer_id: str) -> Set[str]:
    """For which purposes the customer to whom this record leads has said anything."""
    row = await shop.database.row("SELECT coalesce(merged_into_id, id) FROM customer WHERE id = $1", customer_id)
    return frozenset() if row is None else (await asked_about(shop.database, [row[0]]))[row[0]]


async def record_checked(shop: Shop, customer_id: str, entries: Sequence[CheckedConsent]) -> list[ConsentRow]:
    """The same, of what is in the form in which it is kept."""

    async def work() -> list[ConsentRow]:
        key = (await locked_customer(shop, customer_id, "customerId"))["id"]
        records, before, since = await write(shop, key, entries)
        for one in records:
            place = one.purpose, one.channel
            name = ".".join(["consents", one.purpose, *([one.channel] if one.channel else [])])
            changed({name: (_decision(before, place), _decision(since, place))})
        return records

    return await shop.database.transaction(work)


def _decision(state: State[ConsentRow], place: tuple[str, str | None]) -> str | None:
    record = state.get(place)
    return None if record is None else record.decision
