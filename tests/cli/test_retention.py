"""Whom a policy of retention means, told by command before it is set; nothing is changed."""

from datetime import UTC, datetime
from typing import Any

from regulars_core.customers.rules import NewCustomer
from regulars_core.primitives.clock import instant_of
from regulars_core.shop.shop import Shop
from tests.support.commands import Regulars, in_shop, register

LONG_AGO = instant_of(datetime(2001, 2, 3, tzinfo=UTC))
NOTE = (
    "INSERT INTO customer_note (id, customer_id, body, author, created_at, updated_at) VALUES ($1, $2, 'x', 'x', 1, 1)"
)


def test_whom_it_means(regulars: Regulars, database_url: str) -> None:
    people = [NewCustomer("Ana", "Li", code=code, created_at=LONG_AGO) for code in ("C-2", "C-1")]
    [ana, *_] = register(database_url, *people, NewCustomer("Bo", "Li", code="C-3"))

    async def noted(shop: Shop) -> None:
        await shop.database.transaction(lambda: shop.database.run(NOTE, "1" * 32, ana))

    in_shop(database_url, noted)

    def told(**settings: Any) -> list[str]:
        result = regulars("retention", database_url=database_url, **settings)
        assert result.exit_code == 0, result.stderr
        return str(result.stdout).splitlines()

    assert told() == [
        "Customers are kept for ever (REGULARS_RETENTION_INACTIVE_MONTHS).",
        "Notes are kept for ever (REGULARS_RETENTION_NOTE_MONTHS).",
    ]
    for _ in range(2):
        assert told(retention_inactive_months="12", retention_note_months="6") == [
            "C-1", "C-2", "Customers without anything new for 12 months: 2.", "Notes older than 6 months: 1.",
        ]  # fmt: skip
