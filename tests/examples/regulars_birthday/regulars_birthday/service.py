"""What the plugin decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field

from regulars_core.plugin import (
    KEPT,
    Checks,
    CustomerRow,
    Holding,
    Merge,
    Problem,
    PurchaseRow,
    Refused,
    Shop,
    customers_by_ids,
    day_of,
    insert,
    locked_customer,
    now,
)

_COLUMNS = {
    "birthday_greeting": {"customer_id": KEPT, "count": KEPT, "last_day": KEPT},
    "birthday_reminder": {"customer_id": KEPT, "days_before": KEPT},
}
HOLDINGS = [Holding(table, columns, key="customer_id", is_removed=True) for table, columns in _COLUMNS.items()]
"""All of it is told to customers, and goes with them."""


class BirthdaySettings(BaseModel):
    """What a shop decides about birthdays."""

    youngest: int = Field(0, ge=0, le=150, description="Years that a customer must have to buy.")
    remind_days_before: int = Field(7, ge=0, le=365, description="How many days before a birthday to remind.")


@dataclass(frozen=True, slots=True)
class TooYoung(Problem):
    """Somebody buys who must not yet; `youngest` is how many years it takes."""

    youngest: int = 0


async def keep(shop: Shop, customers: Sequence[CustomerRow]) -> None:
    """Begin to count the greetings of customers."""
    rows = [(customer.id, 0, "") for customer in customers]
    await insert(shop.database, "birthday_greeting", ("customer_id", "count", "last_day"), rows)


async def refuse_the_young(shop: Shop, purchases: Sequence[PurchaseRow]) -> None:
    """Raise Refused if one of the buyers is too young."""
    youngest = shop.settings.of(BirthdaySettings).youngest
    buyers = [purchase.customer_id for purchase in purchases if purchase.customer_id]
    if not (youngest and buyers):
        return
    today = day_of(now(), shop.settings.zone).isoformat()
    latest = f"{int(today[:4]) - youngest:04}{today[4:]}"
    found = await customers_by_ids(shop.database, buyers)
    if any((customer.birth_date or "") > latest for customer in found.values()):
        message = f"Customers must be {youngest} years old to buy."
        raise Refused(TooYoung("TOO_YOUNG", message, ("customerId",), youngest))


async def set_reminders(shop: Shop, customers: Sequence[CustomerRow], extras: Sequence[Mapping[str, Any]]) -> None:
    """Keep what inputs say of reminders; null goes back to what the shop does for everybody. Raises Refused."""
    wanted = {
        customer.id: given["remindDaysBefore"]
        for customer, given in zip(customers, extras, strict=True)
        if "remindDaysBefore" in given
    }
    if not wanted:
        return
    checks = Checks()
    if any(days is not None and not 0 <= days <= 365 for days in wanted.values()):
        checks.fail("INVALID_DAYS", "This must be 0 to 365 days.", "remindDaysBefore")
    checks.refuse()
    among = shop.database.dialect.among("customer_id", 1)
    await shop.database.run(f"DELETE FROM birthday_reminder WHERE {among}", list(wanted))
    rows = [(customer_id, days) for customer_id, days in wanted.items() if days is not None]
    await insert(shop.database, "birthday_reminder", ("customer_id", "days_before"), rows)


async def send_greeting(shop: Shop, customer_id: str) -> None:
    """Greet a customer, whatever day it is. Raises Refused: NOT_FOUND, and GREETED_TODAY for a second time in a day."""
    today = day_of(now(), shop.settings.zone).isoformat()

    async def work() -> None:
        customer = await locked_customer(shop, customer_id, "customerId")  # to whom the id leads
        greeted = await shop.database.row(
            "INSERT INTO birthday_greeting (customer_id, count, last_day) VALUES ($1, 1, $2) ON CONFLICT (customer_id)"
            " DO UPDATE SET count = birthday_greeting.count + 1, last_day = excluded.last_day"
            " WHERE birthday_greeting.last_day <> excluded.last_day RETURNING count",
            customer["id"],
            today,
        )
        if greeted is None:
            raise Refused(Problem("GREETED_TODAY", "The customer was greeted today already.", ("customerId",)))

    await shop.database.transaction(work)


async def greet(shop: Shop) -> None:
    """Greet whose birthday it is, once a day."""
    today = day_of(now(), shop.settings.zone).isoformat()

    async def work() -> None:
        await shop.database.run(
            "UPDATE birthday_greeting SET count = count + 1, last_day = $1 WHERE last_day <> $1 AND customer_id IN"
            " (SELECT id FROM customer WHERE merged_into_id IS NULL AND substr(birth_date, 6, 5) = $2)",
            today,
            today[5:],
        )

    await shop.database.transaction(work)


async def take_over(shop: Shop, merges: Sequence[Merge]) -> None:
    """Count the greetings of who was merged for the survivors, too. Their own rows stay as they are."""
    for merge in merges:
        await _add(shop, merge, 1)


async def give_back(shop: Shop, merges: Sequence[Merge]) -> None:
    """Count them for the survivors no more."""
    for merge in merges:
        await _add(shop, merge, -1)


async def _add(shop: Shop, merge: Merge, sign: int) -> None:
    counts = await greetings_of(shop, [one.id for one in merge.absorbed])
    sql = "UPDATE birthday_greeting SET count = count + $2 WHERE customer_id = $1"
    await shop.database.run(sql, merge.survivor.id, sign * sum(counts.values()))


async def greetings_of(shop: Shop, customer_ids: Sequence[str]) -> Mapping[str, int]:
    """How often customers were greeted, by id."""
    among = shop.database.dialect.among("customer_id", 1)
    rows = await shop.database.rows(
        f"SELECT customer_id, count FROM birthday_greeting WHERE {among}", list(customer_ids)
    )
    return {row[0]: row[1] for row in rows}


async def reminders_of(shop: Shop, customer_ids: Sequence[str]) -> Mapping[str, int]:
    """How many days before each customer's birthday to remind, by id."""
    among = shop.database.dialect.among("customer_id", 1)
    rows = await shop.database.rows(
        f"SELECT customer_id, days_before FROM birthday_reminder WHERE {among}", list(customer_ids)
    )
    everybody = dict.fromkeys(customer_ids, shop.settings.of(BirthdaySettings).remind_days_before)
    return everybody | {row[0]: row[1] for row in rows}


async def count(shop: Shop) -> int:
    """All greetings."""
    row = await shop.database.row("SELECT coalesce(sum(count), 0) FROM birthday_greeting")
    return int(row[0]) if row else 0
