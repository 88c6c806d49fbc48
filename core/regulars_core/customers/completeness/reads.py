"""How complete profiles are, and the condition that finds customers by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars_core.customers.attributes.definitions import TABLE as DEFINITIONS
from regulars_core.customers.completeness.counted import counted, presence, presences, told
from regulars_core.customers.reads import GONE
from regulars_core.primitives.clock import day_of, now
from regulars_core.queries.where import Condition, Leaf, Values, compared
from regulars_core.shop.shop import Shop

ATTRIBUTES = "attributes."


@dataclass(frozen=True, slots=True)
class Completeness:
    """How much of what counts is there, in percent and rounded down, and what is missing, as the API names it."""

    percent: int
    missing: Sequence[str]


async def completeness_of(shop: Shop, customer_ids: Sequence[str]) -> Mapping[str, Completeness]:
    """How complete the profile of each of these customers is; of who is erased or merged into another one nothing is told. Two
    statements, however many they are."""
    ids, database = list(dict.fromkeys(customer_ids)), shop.database
    if not ids:
        return {}
    of = {company: counted(shop.settings, is_company=company) for company in (False, True)}
    names = list(dict.fromkeys([*of[False], *of[True]]))
    values = Values(database.dialect)
    among = values.among("c.id", ids, "uuid")
    flags = [f"CASE WHEN {there} THEN 1 ELSE 0 END" for there in presences(names, _today(shop), values).values()]
    there = {
        row[0]: (bool(row[1]), dict(zip(names, tuple(row)[2:], strict=True)))
        for row in await database.rows(
            f"SELECT {', '.join(['c.id', 'c.is_company', *flags])} FROM customer c"
            f" WHERE {among} AND c.status NOT IN {GONE}",
            *values.all,
        )
    }
    has: dict[str, dict[str, bool]] = {id_: {} for id_ in there}
    given = "SELECT 1 FROM customer_attribute v WHERE v.customer_id = c.id AND v.definition_id = d.id"
    for id_, name, is_given in await database.rows(
        f"SELECT c.id, d.name, CASE WHEN EXISTS ({given}) THEN 1 ELSE 0 END FROM {DEFINITIONS} d CROSS JOIN customer c"
        f" WHERE d.is_required AND {database.dialect.among('c.id', 1)} ORDER BY d.name",
        ids,
    ):
        if id_ in has:
            has[id_][f"{ATTRIBUTES}{name}"] = bool(is_given)
    return {
        id_: _completeness({**{told(name): bool(flags[name]) for name in of[company]}, **has[id_]})
        for id_, (company, flags) in there.items()
    }


def _completeness(there: Mapping[str, bool]) -> Completeness:
    percent = 100 * sum(there.values()) // len(there) if there else 100
    return Completeness(percent, [name for name, is_there in there.items() if not is_there])


def _today(shop: Shop) -> str:
    return day_of(now(), shop.settings.zone).isoformat()


def conditions_of(shop: Shop, comparisons: Sequence[Condition]) -> Sequence[Condition]:
    """Comparisons of percents as conditions of the leaf: with what counts in this shop today."""
    of_people, of_companies = (counted(shop.settings, is_company=company) for company in (False, True))
    return [("percent", (of_people, of_companies, _today(shop), comparisons))]


def _compared(conditions: Sequence[Condition], values: Values) -> str:
    [(_, (of_people, of_companies, today, comparisons))] = conditions
    percent = f"CASE WHEN c.is_company THEN {_percent(of_companies, today, values)} ELSE {_percent(of_people, today, values)} END"
    return f"c.status NOT IN {GONE} AND {compared(f'({percent})')(comparisons, values)}"


_REQUIRED = f"(SELECT count(*) FROM {DEFINITIONS} d WHERE d.is_required)"
_GIVEN = (
    f"(SELECT count(*) FROM customer_attribute v JOIN {DEFINITIONS} d ON d.id = v.definition_id"
    " WHERE v.customer_id = c.id AND d.is_required)"
)
"""Counted where any is required at all."""


def _percent(names: Sequence[str], today: str, values: Values) -> str:
    there = [f"CASE WHEN {presence(name, today, values)} THEN 1 ELSE 0 END" for name in names]
    known, count = " + ".join(there or ["0"]), len(names)
    bare = f"100 * ({known}) / {count}" if count else "100"
    whole = f"100 * ({known} + {_GIVEN}) / ({count} + {_REQUIRED})"
    return f"CASE WHEN {_REQUIRED} = 0 THEN {bare} ELSE {whole} END"


COMPLETENESS = Leaf("completeness", _compared)
"""A leaf over the percent; it takes what `conditions_of` answers."""
