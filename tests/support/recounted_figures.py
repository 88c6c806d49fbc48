"""Figures of what was bought, counted again in plain Python from the tables."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from itertools import pairwise
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from regulars_core.plugin import Shop
from tests.support.random_shop import TODAY, ZONE

_TODAY = TODAY.date()
_NOW = int(TODAY.timestamp() * 1000)
_DAY = 86_400_000


def rounded(value: Any, decimals: int) -> str:
    """Half-up, printed with all digits."""
    return str(Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def divided(a: int, b: int, decimals: int) -> str | None:
    return rounded(Decimal(a) / Decimal(b), decimals) if b else None


@dataclass
class Row:
    """Whatever a table has, by name."""

    values: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.values[name]


@dataclass
class Bought:
    """A purchase with what hangs on it."""

    row: Row
    lines: list[Row] = field(default_factory=list)
    payments: list[Row] = field(default_factory=list)

    @property
    def counts(self) -> bool:
        return self.row.status in {"PAID", "PARTIALLY_REFUNDED"} and self.row.total >= 0

    @property
    def net(self) -> int:
        return int(self.row.total - self.row.refunded)

    @cached_property
    def local(self) -> datetime:
        return datetime.fromtimestamp(self.row.purchased_at / 1000, ZoneInfo(ZONE))


@dataclass
class Book:
    """Everything that was bought and not voided, and who is known."""

    bought: list[Bought]
    customers: dict[str, Row]
    addresses: list[Row]
    given_back: Counter[str]


async def table(shop: Shop, name: str, columns: str) -> list[Row]:
    names = columns.split()
    return [
        Row(dict(zip(names, row, strict=True)))
        for row in await shop.database.rows(f"SELECT {', '.join(names)} FROM {name}")
    ]


async def read(shop: Shop) -> Book:
    purchases = {
        row.id: Bought(row)
        for row in await table(
            shop,
            "purchase",
            "id customer_id store_id purchased_at status channel total refunded discount prices_include_tax",
        )
        if row.status != "VOIDED"
    }
    columns = "id purchase_id sku name brand category quantity refunded_quantity total tax refunded_amount"
    for line in await table(shop, "purchase_line", columns):
        if line.purchase_id in purchases:
            purchases[line.purchase_id].lines.append(line)
    for payment in await table(shop, "payment", "purchase_id method amount"):
        if payment.purchase_id in purchases:
            purchases[payment.purchase_id].payments.append(payment)
    undone = {row.id for row in await table(shop, "refund", "id undone_at") if row.undone_at is not None}
    back: Counter[str] = Counter()
    for part in await table(shop, "refund_line", "refund_id line_id amount"):
        if part.refund_id not in undone:
            back[part.line_id] += part.amount
    return Book(
        sorted(purchases.values(), key=lambda one: (one.row.purchased_at, one.row.id)),
        {row.id: row for row in await table(shop, "customer", "id group_id gender birth_date status created_at")},
        await table(shop, "customer_address", "customer_id kind city city_key country region region_key"),
        back,
    )


def figures(bought: Sequence[Bought], until: int = _NOW, now: int = _NOW) -> dict[str, Any]:
    """The plain figures of a set of purchases."""
    counted = [one for one in bought if one.counts]
    theirs: dict[str, list[Bought]] = defaultdict(list)
    for one in counted:
        if one.row.customer_id:
            theirs[one.row.customer_id].append(one)
    gaps = [
        later.row.purchased_at - sooner.row.purchased_at for own in theirs.values() for sooner, later in pairwise(own)
    ]
    last = datetime.fromtimestamp(min(until, now) / 1000, ZoneInfo(ZONE)).date()
    since = sum(max((last - own[0].local.date()).days, 30) for own in theirs.values())
    spent = sum(one.net for one in bought)
    full = sum(one.row.total + one.row.discount for one in counted)
    pieces = sum(line.quantity - line.refunded_quantity for one in counted for line in one.lines if line.quantity > 0)
    number = sum(map(len, theirs.values()))
    return {
        "purchaseCount": len(counted),
        "customerCount": len(theirs),
        "totalSpent": amount(spent),
        "averagePurchase": None if not counted else amount(int(Decimal(divided(spent, len(counted), 0) or 0))),
        "repeatRate": divided(sum(len(own) > 1 for own in theirs.values()), len(theirs), 4),
        "purchasesPerMonth": divided(number * 3044, since * 100, 2) if theirs else None,
        "discountRate": None if not counted else divided(sum(one.row.discount for one in counted), full, 4) or "0.0000",
        "discountedShare": divided(sum(one.row.discount > 0 for one in counted), len(counted), 4),
        "averageBasketSize": divided(pieces, len(counted) * 1_000_000, 2),
        "daysBetweenPurchases": rounded(Decimal(median(gaps)) / _DAY, 2) if gaps else None,
    }


def amount(minor: int) -> dict[str, str]:
    return {"amount": rounded(Decimal(minor) / 100, 2)}


def parts(
    bought: Iterable[Bought], of: Callable[[Bought], Iterable[tuple[Any, int, int | None]]]
) -> list[tuple[Any, int, int, int | None, int]]:
    """(value, customers, purchases, quantity, total) of what is divided by what is found in each purchase: values, amounts and
    quantities."""
    customers: dict[Any, set[str]] = defaultdict(set)
    purchases: dict[Any, set[str]] = defaultdict(set)
    totals: Counter[Any] = Counter()
    quantities: dict[Any, int | None] = {}
    for one in bought:
        for value, total, quantity in of(one):
            totals[value] += total
            quantities[value] = None if quantity is None else (quantities.get(value) or 0) + quantity
            purchases[value] |= {one.row.id} if one.counts else set()
            customers[value] |= {one.row.customer_id} if one.counts and one.row.customer_id else set()
    return [
        (value, len(customers[value]), len(purchases[value]), quantities[value], totals[value])
        for value in totals
        if purchases[value] or totals[value]
    ]


def divisions(book: Book, today: date = _TODAY) -> dict[str, Callable[[Bought], Iterable[tuple[Any, int, int | None]]]]:
    """What is found in each purchase, by the name of the division."""

    def of_purchase(value: Callable[[Bought], Any]) -> Any:
        return lambda one: [(value(one), one.net, None)]

    def of_customer(value: Callable[[Row], Any]) -> Any:
        return of_purchase(lambda one: value(book.customers[one.row.customer_id]) if one.row.customer_id else None)

    def of_lines(value: Callable[[Row], Any]) -> Any:
        def lines(one: Bought) -> Iterable[tuple[Any, int, int | None]]:
            for line in one.lines:
                worth = line.total + (0 if one.row.prices_include_tax else line.tax)
                left = worth - line.refunded_amount - book.given_back[line.id]
                yield value(line), left, line.quantity - line.refunded_quantity

        return lines

    addresses: dict[str, list[Row]] = defaultdict(list)
    for row in book.addresses:
        addresses[row.customer_id].append(row)

    def address(name: str) -> Callable[[Row], Any]:
        def found(customer: Row) -> Any:
            own = {row.kind: getattr(row, name) for row in addresses[customer.id]}
            return own.get("BILLING") or own.get("SHIPPING")

        return found

    return {
        "AGE_BAND": of_customer(lambda customer: _band(customer, today)),
        "BRAND": of_lines(lambda line: line.brand),
        "CATEGORY": of_lines(lambda line: line.category),
        "CHANNEL": of_purchase(lambda one: one.row.channel),
        "CITY": of_customer(address("city_key")),
        "COUNTRY": of_customer(address("country")),
        "GENDER": of_customer(lambda customer: customer.gender),
        "GROUP": of_customer(lambda customer: f"group_{customer.group_id}"),
        "HOUR": of_purchase(lambda one: str(one.local.hour)),
        "MONTH": of_purchase(lambda one: str(one.local.month)),
        "PAYMENT_METHOD": lambda one: [(payment.method, payment.amount, None) for payment in one.payments],
        "REGION": of_customer(address("region_key")),
        "STORE": of_purchase(lambda one: f"store_{one.row.store_id}"),
        "WEEKDAY": of_purchase(lambda one: str(one.local.isoweekday())),
    }


def _band(customer: Row, today: date) -> str | None:
    if customer.birth_date is None:
        return None
    born = date.fromisoformat(str(customer.birth_date))
    age = today.year - born.year - ((born.month, born.day) > (today.month, today.day))
    return f"{age // 10 * 10}-{age // 10 * 10 + 9}"


def shares(found: Sequence[tuple[Any, int, int, int | None, int]]) -> list[dict[str, Any]]:
    """The parts as the API tells them."""
    whole = sum(max(total, 0) for *_, total in found)
    return [
        {
            "value": value,
            "customerCount": customers,
            "purchaseCount": purchases,
            "quantity": None if quantity is None else plain(Decimal(quantity) / 1_000_000),
            "total": amount(total),
            "share": divided(min(max(total, 0), whole), whole, 4) or "0.0000",
        }
        for value, customers, purchases, quantity, total in sorted(
            found, key=lambda one: (-one[4], -one[2], one[0] is None, str(one[0]))
        )
    ]


def plain(value: Decimal) -> str:
    return format(value.normalize(), "f")


def begin_of(day: date, unit: str) -> date:
    """The first day of the period that a day is in."""
    if unit == "WEEK":
        return day - timedelta(days=day.weekday())
    months = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}.get(unit)
    return day if months is None else day.replace(month=(day.month - 1) // months * months + 1, day=1)


def after(begin: date, unit: str) -> date:
    """The first day of the next period."""
    days = {"DAY": 1, "WEEK": 7, "MONTH": 31, "QUARTER": 93, "YEAR": 366}[unit]
    return begin_of(begin + timedelta(days=days), unit)


def points(
    bought: Sequence[Bought], first: date, last: date, unit: str = "MONTH", begun: Set[str] = frozenset()
) -> list[dict[str, Any]]:
    """One period after the other; a customer is new in that of the first purchase of these, unless they had begun before."""
    own: dict[date, list[Bought]] = defaultdict(list)
    new, known = Counter[date](), set(begun)
    for one in bought:
        begin = begin_of(one.local.date(), unit)
        own[begin].append(one)
        if one.counts and one.row.customer_id and one.row.customer_id not in known:
            known.add(one.row.customer_id)
            new[begin] += 1
    told, begin = list[dict[str, Any]](), begin_of(first, unit)
    while begin <= last:
        counted = [one for one in own[begin] if one.counts]
        told.append(
            {
                "from": begin.isoformat(),
                "to": (after(begin, unit) - timedelta(days=1)).isoformat(),
                "customerCount": len({one.row.customer_id for one in counted if one.row.customer_id}),
                "newCustomerCount": new[begin],
                "purchaseCount": len(counted),
                "totalSpent": amount(sum(one.net for one in own[begin])),
            }
        )
        begin = after(begin, unit)
    return told
