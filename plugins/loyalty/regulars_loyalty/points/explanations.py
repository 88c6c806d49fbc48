"""How entries came about, out of what they keep: the arithmetic as JSON, the number of the program, and the code of the rule."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson

from regulars_core.plugin import (
    RuleExplanation,
    RuleFigure,
    RuleSetting,
    Shop,
    ShownRule,
    StoredRule,
    shown_rule,
)
from regulars_loyalty.ledger.entries import EntryRow

USE = "POINTS_RULE"


async def explanations_of(shop: Shop, entries: Sequence[EntryRow]) -> Sequence[RuleExplanation | None]:
    """How each entry came about, with the rule as it was then; None for one that keeps nothing of it. One statement, and none
    where no rule of a program is among them."""
    numbers = sorted({one.program for one in entries if one.program is not None and one.explanation})
    rules = await _rules(shop, numbers) if numbers else {}
    return [
        explained(one.explanation, rules.get((one.program or 0, one.rule or ""))) if one.explanation else None
        for one in entries
    ]


def explained(text: str, rule: ShownRule | None = None) -> RuleExplanation:
    """An explanation out of its JSON: `text`, and `figures` as decimals by name, in the order of the calculation."""
    kept: Mapping[str, Any] = orjson.loads(text)
    given = kept["figures"]
    pairs = given.items() if isinstance(given, dict) else given
    return RuleExplanation([RuleFigure(name, Decimal(value)) for name, value in pairs], kept["text"], rule)


async def _rules(shop: Shop, numbers: Sequence[int]) -> Mapping[tuple[int, str], ShownRule]:
    """The rules of these versions of the program, by number and code: versions are never changed, nor are they removed."""
    among = shop.database.dialect.among("number", 1, "bigint")
    rows = await shop.database.read(f"SELECT number, body FROM loyalty_program WHERE {among}", list(numbers))
    return {
        (number, each["code"]): shown_rule(shop, USE, _stored(each["rule"]))
        for number, body in rows
        for each in orjson.loads(body)["rules"]
    }


def _stored(rule: Mapping[str, Any]) -> StoredRule:
    return StoredRule(rule["kind"], tuple(RuleSetting(name, value) for name, value in rule["settings"]))
