"""Who has how much, as conditions on customers and as their order: exactly what is shown, for everybody at once.

Until an account's `next_at` its stored figure is what is shown; only where something is due it is made of lots and holds. The
arithmetic is that of book.Account: what is held does not expire, and settling debt changes nothing of what can be spent.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from regulars_core.plugin import DAY_MS, NOW, Condition, Leaf, SortKey, Values, now
from regulars_loyalty.ledger.book import POINTS

_LOTS = "FROM loyalty_lot l WHERE l.customer_id = a.customer_id AND l.unit = a.unit AND l.remaining > 0"
_HELD = (
    "(SELECT coalesce(sum(h.amount), 0) FROM loyalty_hold h WHERE h.customer_id = a.customer_id AND h.unit = a.unit"
    " AND h.closed_at IS NULL AND h.held_until > {now})"
)
_DUE = (
    "(SELECT CAST(a.amount - a.debt - x.pending - x.held - CASE WHEN x.free <= x.held THEN 0"
    " WHEN x.ended < x.free - x.held THEN x.ended ELSE x.free - x.held END AS BIGINT) FROM (SELECT"
    " coalesce(sum(CASE WHEN l.available_at > {now} THEN l.remaining END), 0) AS pending,"
    " coalesce(sum(CASE WHEN l.available_at <= {now} THEN l.remaining END), 0) AS free,"
    f" coalesce(sum(CASE WHEN l.expires_at <= {{now}} THEN l.remaining END), 0) AS ended, {_HELD} AS held {_LOTS}) x)"
)
"""What can be spent of account `a` where something is due."""
_SPENDABLE = f"(CASE WHEN a.next_at > {{now}} THEN a.spendable ELSE {_DUE} END)"
_LIMITS = "loyalty_group_limit g WHERE g.amount > 0"


def _compared(expression: str, conditions: Sequence[Condition], values: Values) -> str:
    return " AND ".join(f"{expression} {operator} {values.bind(value)}" for operator, value in conditions)


_HOLDS: Mapping[str, Callable[[int], bool]] = {
    "=": lambda value: value == 0,
    ">=": lambda value: value <= 0,
    ">": lambda value: value < 0,
    "<=": lambda value: value >= 0,
    "<": lambda value: value > 0,
}


def _available(conditions: Sequence[Condition], values: Values, unit: str) -> str:
    """What can be spent without a limit, compared. Where nothing fits too, those who have too much are left out instead, as who
    has no account is found in no index."""
    present, unit = values.bind(now()), values.bind(unit)
    with_nothing = all(_HOLDS[operator](value) for operator, value in conditions)
    wanted = "NOT (%s)" if with_nothing else "(%s)"

    def fits(expression: str) -> str:
        return f"{expression} > 0 AND " + wanted % _compared(expression, conditions, values)

    found = (
        f"SELECT a.customer_id FROM loyalty_account a WHERE a.unit = {unit} AND a.next_at > {present}"
        f" AND {fits('a.spendable')} UNION ALL SELECT a.customer_id FROM loyalty_account a"
        f" WHERE {_few('a.unit')} = {unit} AND a.next_at <= {present} AND {fits(_DUE.format(now=present))}"
    )
    return f"c.id {'NOT IN' if with_nothing else 'IN'} ({found})"


def _few(column: str) -> str:
    """A column as it is, in a form for which no index is used: another one leads to fewer rows."""
    return f"({column} || '')"


def _points(conditions: Sequence[Condition], values: Values) -> str:
    return _available(conditions, values, POINTS)


def _credit(conditions: Sequence[Condition], values: Values) -> str:
    """The unit is the first condition. Who may go below zero is looked at one by one: only some groups' customers may."""
    [(_, unit), *wanted] = conditions
    without = _available(wanted, values, unit)
    limit = "coalesce((SELECT g.amount FROM loyalty_group_limit g WHERE g.group_id = c.group_id), 0)"
    spendable = _SPENDABLE.format(now=values.bind(now()))
    theirs = f"a.customer_id = c.id AND a.unit = {values.bind(unit)}"
    sum_ = f"(coalesce((SELECT {spendable} FROM loyalty_account a WHERE {theirs}), 0) + {limit})"
    available = f"(CASE WHEN {sum_} < 0 THEN 0 ELSE {sum_} END)"
    limited = f"c.group_id IN (SELECT g.group_id FROM {_LIMITS})"
    return f"({limited} AND {_compared(available, wanted, values)}) OR (NOT {limited} AND {without})"


def _expiring(conditions: Sequence[Condition], values: Values) -> str:
    """Something of the points ends within so many days. An account of which something does changes by then, at the latest."""
    [(_, days)] = conditions
    present = now()
    begins, ends = values.bind(present), values.bind(present + days * DAY_MS)
    return (
        "c.id IN (SELECT a.customer_id FROM loyalty_account a JOIN loyalty_lot l ON l.customer_id = a.customer_id"
        f" AND l.unit = a.unit AND l.remaining > 0 WHERE {_few('a.unit')} = '{POINTS}' AND a.next_at <= {ends}"
        f" AND l.expires_at > {begins} AND l.expires_at <= {ends} AND {_left(begins)})"
    )


def _left(present: str) -> str:
    """Whether something of lot `l` is left once what is owed is settled, as far as no hold keeps it, by lots in the order of
    spending."""
    there = (
        "SELECT coalesce(sum(b.remaining), 0) FROM loyalty_lot b WHERE b.customer_id = a.customer_id AND b.unit = a.unit"
        f" AND b.remaining > 0 AND b.available_at <= {present} AND b.expires_at > {present}"
    )
    before = f"({there} AND (b.expires_at, b.opened_at, b.id) <= (l.expires_at, l.opened_at, l.id))"
    free = f"(({there}) - {_HELD.format(now=present)})"
    return f"(a.debt = 0 OR l.available_at > {present} OR {before} > a.debt OR {before} > {free})"


POINTS_LEAF = Leaf("points", _points)
CREDIT_LEAF = Leaf("credit", _credit)
EXPIRING_LEAF = Leaf("pointsExpireInDays", _expiring)


def _ordered(name: str, unit: str, limit: str) -> SortKey:
    spendable = (
        f"coalesce((SELECT max({_SPENDABLE}) FROM loyalty_account a WHERE a.customer_id = c.id AND a.unit {unit}), 0)"
    )
    column = f"({spendable} + {limit})" if limit else spendable
    return SortKey(name, f"(CASE WHEN {column} < 0 THEN 0 ELSE {column} END)".replace("{now}", NOW), "c.id", int)


POINTS_ORDER = _ordered("POINTS", f"= '{POINTS}'", "")
CREDIT_ORDER = _ordered(
    "CREDIT",
    f"<> '{POINTS}'",
    "coalesce((SELECT g.amount FROM loyalty_group_limit g WHERE g.group_id = c.group_id), 0)",
)
"""A shop has credit in its own currency alone, so that what is no points is that."""


def unit_first(unit: str, conditions: Sequence[Condition]) -> Sequence[tuple[str, Any]]:
    """The conditions of CREDIT_LEAF: the unit, and what is compared."""
    return [("unit", unit), *conditions]
