"""The versions of the program, as they are stored."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from regulars_core.plugin import (
    Audience,
    Checks,
    Instant,
    Lookup,
    PointsRuleKind,
    Precondition,
    Problem,
    RuleData,
    Shop,
    rule_kinds,
)
from regulars_loyalty.points.program import (
    EarningData,
    Program,
    ProgramData,
    Versions,
    compiled,
    unavailable,
)

_STATE = "coalesce(max(number), 0), count(withdrawn_at)"
_ALL = "SELECT number, starts_at, body, withdrawn_at FROM loyalty_program ORDER BY number"
State = tuple[int, int]
"""The highest number of a version, and how many were withdrawn: every change of the program changes one of them."""
UNKNOWN: State = (-1, -1)


async def versions_of(shop: Shop) -> Versions:
    """All versions: one look whether those that are remembered in this process are still those that are stored."""
    sql, values = lookup_versions(shop)
    return await known_versions(shop, await shop.database.read(sql, *values))


def lookup_versions(shop: Shop, asked: Sequence[int] = ()) -> Lookup:
    """What `known_versions` tells by which versions hold: a row. Behind it comes what is given: what is remembered, and the
    versions by which it was decided what else is looked up, so that they are known afterwards."""
    remembered = remembered_versions(shop)
    state = UNKNOWN if remembered is None else remembered.state
    given = "CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS TEXT)"
    return f"SELECT {_STATE}, {given} FROM loyalty_program", [*state, ",".join(map(str, asked))]


async def known_versions(shop: Shop, rows: Sequence[Any]) -> Versions:
    """The versions that held when `lookup_versions` was read; read anew where they are not those that are remembered."""
    remembered: Versions | None = shop.memory.get(Versions)
    if remembered is not None and remembered.state == tuple(rows[0][:2]):
        return remembered
    stored = await shop.database.read(_ALL)
    versions = versions_from(shop, stored)
    shop.memory[Versions] = versions
    return versions


ALL_PROGRAMS: Lookup = ("SELECT body FROM loyalty_program", [])
"""What looks up every version of the program."""


def program_audiences(rows: Sequence[Sequence[str]]) -> Sequence[Audience]:
    """The audiences of the rules out of these rows; of rules for everybody there are none."""
    rules = [rule for row in rows for rule in ProgramData.model_validate_json(row[0]).rules]
    return [rule.audience for rule in rules if rule.audience is not None]


def unchanged(versions: Versions) -> Precondition:
    """That these versions are those that hold when it is written what was decided by them: whoever was slower than a change of
    the program runs again."""
    number, withdrawn = versions.state
    holds = "coalesce(max(number), 0) = CAST($1 AS BIGINT) AND count(withdrawn_at) = CAST($2 AS BIGINT)"
    return Precondition(f"(SELECT {holds} FROM loyalty_program)", [number, withdrawn])


def asked_by(rows: Sequence[Any]) -> tuple[State, Sequence[int]]:
    """What was remembered when `lookup_versions` was named, and the versions by which it was decided what else was looked up."""
    _, _, number, withdrawn, asked = rows[0]
    return (number, withdrawn), [int(one) for one in asked.split(",") if one]


def remembered_versions(shop: Shop) -> Versions | None:
    """All versions as they were when this process looked last; None if it has not yet."""
    remembered: Versions | None = shop.memory.get(Versions)
    return remembered


def versions_from(shop: Shop, rows: Sequence[Any]) -> Versions:
    """All versions, from the rows in which they are stored: (number, starts_at, body, withdrawn_at)."""
    kinds = tuple(kinds_of(shop).values())
    return _versions(tuple(tuple(row) for row in rows), shop.currency, kinds)


@lru_cache(maxsize=64)
def _versions(
    rows: Sequence[tuple[int, Instant, str, Instant | None]], currency: str, kinds: Sequence[PointsRuleKind]
) -> Versions:
    by_name = {kind.name: kind for kind in kinds}
    state = max((row[0] for row in rows), default=0), sum(row[3] is not None for row in rows)
    count = [
        (number, begins, _stored(body, by_name, currency))
        for number, begins, body, withdrawn in rows
        if withdrawn is None
    ]
    return Versions.of(count, state)


def _stored(body: str, kinds: Mapping[str, PointsRuleKind], currency: str) -> Program:
    """A program that was checked when it was written. Rules whose kinds do not take any more what they are told, or whose plugin
    is off now, are kept, and give nothing."""

    def otherwise(earning: EarningData, problems: Sequence[Problem]) -> PointsRuleKind:
        return unavailable(earning.rule.kind, unavailable_reason(earning.rule, problems))

    return compiled(ProgramData.model_validate_json(body), kinds, currency, Checks(), otherwise)


def unavailable_reason(rule: RuleData, problems: Sequence[Problem]) -> str:
    """Why a rule of a stored program cannot be used now, in a few words."""
    if problems[0].code == "UNKNOWN_KIND":
        return (
            f"the plugin '{rule.plugin}', which brings it, is off" if rule.plugin else "no plugin that is on brings it"
        )
    whose = f"the plugin '{rule.plugin}'" if rule.plugin else "its plugin"
    return f"{whose} no longer takes what it is told"


def kinds_of(shop: Shop) -> Mapping[str, PointsRuleKind]:
    """The kinds of points rules that are on in a shop, by name: found once."""
    kinds: Mapping[str, PointsRuleKind] | None = shop.memory.get(PointsRuleKind)
    if kinds is None:
        known = rule_kinds(shop).for_use(PointsRuleKind.use)
        kinds = {name: kind for name, kind in known.items() if isinstance(kind, PointsRuleKind)}
        shop.memory[PointsRuleKind] = kinds
    return kinds
