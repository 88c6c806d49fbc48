"""A10: GraphiQL opens with a tab for each thing that a shop does, with variables, and nothing in them is old."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import time_machine
from graphql import FieldNode, NonNullTypeNode, OperationDefinitionNode, build_schema, parse, validate

from regulars_core.start import plugins_wanted
from regulars_schema.schema import schema_of
from regulars_server.graphiql import Example, examples, somebody
from tests.support.example_tabs import filled_in

BOX = frozenset({"analytics", "loyalty", "rewards", "tiers"})
_DAY = re.compile(r"20\d\d-\d\d-\d\d")
SOMEBODY = {
    "customers": {"nodes": [{"id": "customer_1"}]},
    "purchases": {
        "nodes": [{"id": "purchase_1", "lines": [{"id": "line_1", "quantity": "1", "total": {"amount": "5"}}]}]
    },
}


def operation(example: Example) -> OperationDefinitionNode:
    [found] = parse(example.query).definitions
    assert isinstance(found, OperationDefinitionNode)
    return found


def test_a10_there_is_a_tab_for_each_thing_that_a_shop_does() -> None:
    asked = {
        field.name.value
        for example in examples(BOX)
        for field in operation(example).selection_set.selections
        if isinstance(field, FieldNode)
    }
    wanted = {
        "tierPolicy",
        "tierDistribution",
        "pointsProgram",
        "basketQuote",
        "purchaseRecord",
        "purchaseRefund",
        "noteAdd",
        "dashboard",
        "insight",
    }
    assert wanted | {"customer", "customers", "customerSearch", "purchases"} <= asked


def test_a10_most_of_what_may_be_changed_is_a_variable() -> None:
    with_variables = [example for example in examples(BOX) if example.variables]
    assert len(with_variables) >= 8
    for example in examples(BOX):
        given: dict[str, Any] = filled_in(example.variables, SOMEBODY)
        declared = {one.variable.name.value: one for one in operation(example).variable_definitions or ()}
        assert given.keys() <= declared.keys(), example.name
        needed = {name for name, one in declared.items() if isinstance(one.type, NonNullTypeNode)}
        assert needed <= given.keys(), example.name
        if operation(example).operation.value == "mutation":
            assert given, example.name


@pytest.mark.parametrize("plugins", [BOX, frozenset[str]()], ids=["the box", "core"])
def test_a10_every_tab_is_of_the_schema(plugins: frozenset[str]) -> None:
    schema = build_schema(schema_of(plugins_wanted(tuple(sorted(plugins)))).printed())
    for text in [somebody(), *[example.query for example in examples(plugins)]]:
        assert validate(schema, parse(text)) == []


@pytest.mark.parametrize("year", [2026, 2031])
def test_a10_no_date_in_a_tab_is_old(year: int) -> None:
    then = datetime(year, 7, 1, 12, tzinfo=UTC)
    with time_machine.travel(then, tick=False):
        texts = [text for example in examples(BOX) for text in (example.query, example.variables)]
    days = [datetime.fromisoformat(f"{day}T00:00Z") for text in texts for day in _DAY.findall(text)]
    assert days
    assert all(timedelta(0) <= then - day < timedelta(days=60) for day in days)


def test_a10_what_is_sent_on_another_day_is_another_sale() -> None:
    def keys(at: datetime) -> set[str]:
        with time_machine.travel(at, tick=False):
            found = [example.variables for example in examples(BOX)]
        return {key for text in found for key in re.findall(r'"(?:idempotencyKey|reference)": "([^"]+)"', text)}

    first, second = keys(datetime(2026, 7, 1, tzinfo=UTC)), keys(datetime(2026, 7, 2, tzinfo=UTC))
    assert len(first) == len(second) >= 4
    assert first.isdisjoint(second)


def test_a10_variables_are_json() -> None:
    for example in examples(BOX):
        assert not example.variables or isinstance(orjson.loads(example.variables), dict)
