"""What is prepared once takes variables as graphql-core does, or leaves them to it."""

from pprint import pformat
from typing import Any

import pytest
from graphql import (
    Executor,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    parse,
)
from hypothesis import given
from hypothesis import strategies as st

from regulars_schema.documents.operations import Coercers, OperationTemplate, template_of

SCHEMA = build_schema(
    """
    enum Colour { RED GREEN }
    input Tree { name: String! size: Int = 3 weight: Float colour: Colour = RED tags: [String!] below: [Tree] exact: Exact }
    input Exact @oneOf { id: ID flag: Boolean }
    type Query { f(a: [[Int]], b: Tree, c: Tree, d: Colour, e: ID, g: Boolean, h: String): String }
    """
)
VARIABLES = '$a: [[Int]], $b: Tree, $c: Tree!, $d: Colour = GREEN, $e: ID, $g: Boolean, $h: String = "x", $i: [Tree!]'
JUNK = st.sampled_from([None, True, 0, 1.0, 2**40, "", "RED", [], [[]], {}, {"name": None}, {"id": "1", "flag": None}])


def prepared(text: str, schema: GraphQLSchema = SCHEMA) -> OperationTemplate | None:
    document = parse(text, experimental_fragment_arguments=True)
    [operation] = (part for part in document.definitions if isinstance(part, OperationDefinitionNode))
    return template_of(schema, document, operation, Coercers())


def values(type_: GraphQLInputType, depth: int = 0) -> st.SearchStrategy[Any]:
    """What fits a type, and now and then something else."""
    if isinstance(type_, GraphQLNonNull):
        return values(type_.of_type, depth)
    fitting: st.SearchStrategy[Any]
    if isinstance(type_, GraphQLList):
        inner = values(type_.of_type, depth + 1)
        fitting = st.lists(inner, max_size=2)
    elif isinstance(type_, GraphQLInputObjectType):
        if depth > 3:
            return st.none()
        fields = {name: values(one.type, depth + 1) for name, one in type_.fields.items()}
        named = {"name": fields["name"]} if "name" in fields else {}
        fitting = st.fixed_dictionaries(
            named, optional={name: one for name, one in fields.items() if name not in named}
        )
    elif isinstance(type_, GraphQLEnumType):
        fitting = st.sampled_from(["RED", "GREEN"])
    else:
        plain = {"Int": st.integers(-5, 5) | st.just(3.0), "Float": st.floats(-1, 1), "Boolean": st.booleans()}
        fitting = plain.get(type_.name, st.text(max_size=3))
    return st.integers(0, 40).flatmap(lambda number: JUNK if number == 40 else fitting)


PREPARED = prepared(f"query Q({VARIABLES}) {{ f(a: $a) }}")
assert PREPARED is not None
EACH = {one.name: values(one.type) for one, _ in PREPARED.variables}
FITTING = st.fixed_dictionaries({name: EACH.pop(name) for name in ("c", "d", "h")}, optional=EACH)


@st.composite
def variables(draw: st.DrawFn) -> dict[str, Any]:
    """Values for some of the variables; a strategy whose description is short."""
    return draw(FITTING)


@given(variables())
def test_variables_are_those_of_graphql_core_or_left_to_it(given: dict[str, Any]) -> None:
    assert PREPARED is not None
    theirs = Executor.build(SCHEMA, parse(f"query Q({VARIABLES}) {{ f(a: $a) }}"), raw_variable_values=given)
    ours = PREPARED.bind(None, None, given)
    if ours is not None:
        assert isinstance(theirs, Executor)
        assert pformat(ours.variable_values.coerced) == pformat(theirs.variable_values.coerced)  # in any order
        assert {name: source.value for name, source in ours.variable_values.sources.items()} == {
            name: source.value for name, source in theirs.variable_values.sources.items()
        }


def test_what_fits_is_not_left_to_graphql_core() -> None:
    tree = {"name": "a", "weight": 1, "tags": ["x"], "below": [{"name": "b", "colour": "GREEN"}, None]}
    given = {"a": [[1, None], None], "c": tree, "d": "RED", "e": "7", "g": True, "h": None, "i": [tree]}
    assert PREPARED is not None
    assert PREPARED.bind(None, None, given) is not None


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"b": None, "g": True},
        {"b": {"name": "a"}, "g": 1},
        {"b": {"name": "a", "exact": {"id": "1"}}, "g": True, "d": "RED"},
    ],
)
def test_what_is_not_plain_is(given: dict[str, Any]) -> None:
    assert PREPARED is not None
    assert PREPARED.bind(None, None, given) is None


def test_fragments_with_variables_are() -> None:
    assert prepared("query Q { ...F } fragment F($x: Int = 1) on Query { f(a: [[$x]]) }") is None
