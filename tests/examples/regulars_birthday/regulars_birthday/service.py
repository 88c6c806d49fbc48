"""What the plugin decides."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, Field

from regulars_core.clock import day_of, now
from regulars_core.customers.reads import CustomerRow, customers_by_ids
from regulars_core.errors import Problem, Refused
from regulars_core.purchases.reads import PurchaseRow
from regulars_core.shop import Shop
from regulars_core.writing import insert


class BirthdaySettings(BaseModel):
    """What a shop decides about birthdays."""

    youngest: int = Field(0, ge=0, le=150, description="Years that a customer must have to buy.")


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
        raise Refused(Problem("TOO_YOUNG", f"Customers must be {youngest} years old to buy.", ("customerId",)))


async def greet(shop: Shop) -> None:
    """Greet whose birthday it is, once a day."""
    today = day_of(now(), shop.settings.zone).isoformat()

    async def work() -> None:
        await shop.database.run(
            "UPDATE birthday_greeting SET count = count + 1, last_day = $1 WHERE last_day <> $1 AND customer_id IN"
            " (SELECT id FROM customer WHERE substr(birth_date, 6, 5) = $2)",
            today,
            today[5:],
        )

    await shop.database.transaction(work)


async def greetings_of(shop: Shop, customer_ids: Sequence[str]) -> Mapping[str, int]:
    """How often customers were greeted, by id."""
    among = shop.database.dialect.among("customer_id", 1)
    rows = await shop.database.rows(
        f"SELECT customer_id, count FROM birthday_greeting WHERE {among}", list(customer_ids)
    )
    return {row[0]: row[1] for row in rows}


async def count(shop: Shop) -> int:
    """All greetings."""
    row = await shop.database.row("SELECT coalesce(sum(count), 0) FROM birthday_greeting")
    return int(row[0]) if row else 0
