"""Sales for tests of points rules: purchases as they are recorded, without a database, and programs in a line."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from regulars_core.plugin import (
    MAIN_STORE_ID,
    Checks,
    Instant,
    PaidWith,
    RecordedPurchase,
    RuleData,
    Sale,
    instant_of,
    new_id,
)
from regulars_core.primitives.money import CurrencyCode
from regulars_core.purchases.reads import LineRow
from regulars_core.purchases.rules import MILLION, NewLine, NewPurchase, checked
from regulars_core.purchases.sales.sales import sale_from
from regulars_loyalty.points.box import BOX
from regulars_loyalty.points.outcomes import Asking, Outcome
from regulars_loyalty.points.program import EarningData, Program, ProgramData, Version, Versions, compiled

UTC = ZoneInfo("UTC")
_NUMBERS = count(1)


def at(when: str) -> Instant:
    """Noon of a day in UTC, or the very time."""
    return instant_of(datetime.fromisoformat(when if "T" in when else f"{when}T12:00:00+00:00"))


def line(name: str, total: str, quantity: str = "1", **more: Any) -> NewLine:
    """An article for so much money."""
    return NewLine(name, int(Decimal(quantity) * MILLION), total=minor(total), **more)


def minor(amount: str) -> int:
    """An amount of two decimals in minor units."""
    return int(Decimal(amount) * 100)


def purchase(
    *lines: NewLine, when: str = "2026-06-01", customer: str | None = "c", shipping: str = "0", **more: Any
) -> RecordedPurchase:
    """A purchase as it is when it has just been recorded."""
    reference = f"R{next(_NUMBERS)}"
    new = NewPurchase(reference, MAIN_STORE_ID, customer, at(when), "USD", lines, minor(shipping), **more)
    one, id_ = checked(new, "USD"), new_id()
    rows = [
        LineRow(
            new_id(), id_, row.sku, row.name, row.brand, row.category, row.quantity, row.unit_price, row.discount, row.total,
            0, tax, CurrencyCode("USD"),
        )
        for row, tax in zip(one.lines, one.taxes.lines, strict=True)
    ]  # fmt: skip
    return RecordedPurchase(
        id_, reference, MAIN_STORE_ID, customer, at(when), at(when), "PAID", CurrencyCode("USD"), None, None, one.subtotal,
        one.discount, new.shipping, one.taxes.total, one.total, 0, "TILL", None, one.taxes.delivery, 0, 0, "", "", None, rows,
        [],
    )  # fmt: skip


def sale(*lines: NewLine, paid: PaidWith | None = None, multiplier: str = "1", **more: Any) -> Sale:
    """The same as rules look at it."""
    bought = purchase(*lines, **more)
    bought.details.paid = paid or PaidWith()
    made = sale_from(bought, UTC)
    return replace(made, tier_multiplier=Decimal(multiplier))


def rule(kind: str, code: str | None = None, **settings: Any) -> EarningData:
    """A rule of the program; a list is a setting with several values."""
    pairs = [
        (name, str(one).lower() if isinstance(one, bool) else str(one))
        for name, value in settings.items()
        for one in (value if isinstance(value, list) else [value])
    ]
    return EarningData(code=code or kind, name=kind.capitalize(), rule=RuleData(kind=kind, settings=tuple(pairs)))


def program(*rules: EarningData, **more: Any) -> Program:
    """A program with these rules, of kinds of the box. Raises Malformed."""
    checks = Checks()
    made = compiled(ProgramData(rules=rules, **more), {kind.name: kind for kind in BOX}, "USD", checks)
    checks.refuse()
    return made


def outcomes(given: Program, one: Sale) -> Sequence[Outcome]:
    """What each rule of a program gives for a sale, to whom it has given nothing yet."""
    version = Versions.of([(1, Instant(0), given)], (1, 0)).at(one.at)
    assert version is not None
    return asking(version, one).outcomes(one)


def asking(version: Version, one: Sale) -> Asking:
    """Everybody belongs to every audience, and nothing was given before."""

    def failed(_: Any, error: Exception) -> None:
        raise error

    return Asking(version, version.program.terms(one, UTC), lambda _: True, lambda _: False, failed)
