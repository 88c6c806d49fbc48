"""Writing down what customers say, and keeping which of it is in force; the caller has the customer to itself."""

from collections.abc import Sequence
from typing import Any

from regulars_core.customers.consents.entries import CheckedConsent
from regulars_core.customers.consents.reads import ConsentRow, states_of
from regulars_core.customers.consents.rules import State, say, sums
from regulars_core.database import Database
from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.ids import new_id
from regulars_core.queries.inserts import insert
from regulars_core.shop.actors import operator
from regulars_core.shop.current_actor import acting
from regulars_core.shop.shop import Shop

_COLUMNS = ConsentRow.__slots__
KEPT = ("customer_id", "consent_id", "purpose", "decision", "ways")


async def write_first(shop: Shop, of_customers: Sequence[tuple[str, Sequence[CheckedConsent]]]) -> None:
    """Write down what customers say who are only just registered."""
    records, kept = list[ConsentRow](), list[tuple[Any, ...]]()
    for customer_id, entries in of_customers:
        state: State[ConsentRow] = {}
        said = _records(shop, customer_id, entries, state)
        for record in said:
            say(state, record)
        records += said
        kept += kept_rows(customer_id, state)
    await insert(shop.database, "consent", _COLUMNS, map(_values, records))
    await insert(shop.database, "consent_in_force", KEPT, kept)


async def write(
    shop: Shop, customer_id: str, entries: Sequence[CheckedConsent]
) -> tuple[list[ConsentRow], State[ConsentRow], State[ConsentRow]]:
    """Write down what a customer says: the records, and what was in force before and is now."""
    before = (await states_of(shop.database, [customer_id]))[customer_id]
    state = dict(before)
    records = _records(shop, customer_id, entries, before)
    for record in records:
        say(state, record)
    await insert(shop.database, "consent", _COLUMNS, map(_values, records))
    await keep(shop.database, customer_id, before, state)
    return records, before, state


def _records(
    shop: Shop, customer_id: str, entries: Sequence[CheckedConsent], before: State[ConsentRow]
) -> list[ConsentRow]:
    written, by = now(), (acting() or operator(shop.permissions)).name
    return [
        ConsentRow(
            new_id(),
            customer_id,
            entry.channel,
            entry.purpose,
            entry.decision,
            _present(before, entry.purpose, written) if entry.at is None else entry.at,
            entry.proof,
            entry.proof_reference,
            entry.source,
            entry.text_version,
            written,
            by,
        )
        for entry in entries
    ]


def _present(before: State[ConsentRow], purpose: str, written: Instant) -> Instant:
    """What is said now is said after everything in force, whatever the clock of another process was: a refusal holds at once."""
    return max([written, *(Instant(one.at + 1) for (about, _), one in before.items() if about == purpose)])


async def keep(database: Database, customer_id: str, before: State[Any], since: State[Any]) -> None:
    """Keep what is in force since, of what was before."""
    had, has = set(kept_rows(customer_id, before)), set(kept_rows(customer_id, since))
    if gone := [row[1] for row in sorted(had - has)]:
        among = database.dialect.among("consent_id", 2)
        await database.run(f"DELETE FROM consent_in_force WHERE customer_id = $1 AND {among}", customer_id, gone)
    await insert(database, "consent_in_force", KEPT, sorted(has - had))


def kept_rows(customer_id: str, state: State[Any]) -> list[tuple[Any, ...]]:
    """What is kept of what is in force."""
    return [(customer_id, one.id, one.purpose, one.decision, ways) for one, ways in sums(state).values()]


def _values(record: ConsentRow) -> Sequence[Any]:
    return [getattr(record, name) for name in _COLUMNS]
