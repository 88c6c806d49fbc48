"""The rules of execution, by the sections of the GraphQL specification of September 2025.

The fixture `twins` has every one of these answered by graphql-core as well.
"""

from typing import Any

import pytest

from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.testing import Api
from tests.schema.test_statements import CUSTOMER, key
from tests.support.people import CALLS, people_schema, said

NEITHER = (
    "beings.3: Abstract type 'Being' must resolve to an Object type at runtime for field 'Query.beings'. Either the 'Being'"
    " type should provide a 'resolve_type' function or each possible type should provide an 'is_type_of' function."
)
NULL = "Cannot return null for non-nullable field"

pytestmark = pytest.mark.filterwarnings(
    "ignore:coroutine .* was never awaited", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(scope="session")
def people() -> ComposedSchema:
    return people_schema()


RULES: dict[str, tuple[str, dict[str, Any], Any, list[str]]] = {
    "6.1.2 a variable without a value has its default": (
        'query($t: String = "hi") { ana { echo(text: $t) } }', {}, {"ana": {"echo": "Ana: 'hi' 2"}}, []),
    "6.1.2 null is a value": (
        'query($t: String = "hi") { ana { echo(text: $t) } }', {"t": None}, {"ana": {"echo": "Ana: None 2"}}, []),
    "6.1.2 without a required variable nothing is executed": (
        "query($t: Int!) { ana { echo(times: $t) } }", {}, None,
        ["Variable '$t' has invalid value: Expected a value of non-null type 'Int!' to be provided."]),
    "6.3 fields are answered in the order in which they are asked": (
        "{ ana { nick a: name luck name } }", {}, {"ana": {"nick": "an", "a": "Ana", "luck": 1, "name": "Ana"}}, []),
    "6.3.2 CollectFields: the first time counts for the order": (
        "{ ana { nick ...F name } } fragment F on Person { name nick age }",
        {}, {"ana": {"nick": "an", "name": "Ana", "age": 30}}, []),
    "6.3.2 CollectFields: @skip is stronger than @include": (
        "query($y: Boolean!) { ana { a: name @skip(if: $y) @include(if: $y) b: name @include(if: $y) "
        "... @skip(if: $y) { nick } } }", {"y": True}, {"ana": {"b": "Ana"}}, []),
    "6.3.2 CollectFields: a fragment that is skipped once may be spread again": (
        "{ ana { ...F @skip(if: true) ...F } } fragment F on Person { name }", {}, {"ana": {"name": "Ana"}}, []),
    "6.3.2 DoesFragmentTypeApply: by type, by interface": (
        "{ beings { __typename ... on Person { nick } ... on Robot { age } ... on Being { name } } }", {},
        {"beings": [{"__typename": "Person", "nick": "an", "name": "Ana"},
                    {"__typename": "Robot", "age": 5, "name": "Cy"}, None, None]},
        [NEITHER]),
    "6.4.2 ResolveFieldValue: one field of an interface, two functions": (
        "{ beings { ...F } } fragment F on Being { job }", {},
        {"beings": [{"job": "Ana trades"}, {"job": "Cy toils"}, None, None]}, [NEITHER]),
    "6.3.3 MergeSelectionSets: what one field is asked twice is answered together": (
        "{ ana { friends { name } friends { nick } } }", {},
        {"ana": {"friends": [{"name": "Bo", "nick": None}, {"name": "Ana", "nick": "an"}]}}, []),
    "6.4.1 CoerceArgumentValues: absent is the default, null is null": (
        "{ ana { a: echo(text: null) b: echo(text: \"x\", times: 3) } }", {},
        {"ana": {"a": "Ana: None 2", "b": "Ana: 'x' 3"}}, []),
    "6.4.1 CoerceArgumentValues: a variable without a value is an absent argument": (
        "query($n: String) { ana { echo(text: $n) } }", {}, {"ana": {"echo": "Ana: None 2"}}, []),
    "6.4.3 CompleteValue: a leaf that cannot be written is an error": (
        "{ everybody { age } }", {}, {"everybody": [{"age": 30}, {"age": None}]},
        ["everybody.1.age: Int cannot represent non-integer value: 'old'"]),
    "6.4.3 CompleteValue: lists keep their holes": (
        "{ everybody { friends { name } } }", {},
        {"everybody": [{"friends": [{"name": "Bo"}, {"name": "Ana"}]},
                       {"friends": [{"name": "Ana"}, None, {"name": "Bo"}]}]}, []),
    "6.4.4 an error nulls its field alone": (
        "{ everybody { name luck } }", {},
        {"everybody": [{"name": "Ana", "luck": 1}, {"name": "Bo", "luck": None}]}, ["everybody.1.luck: no luck"]),
    "6.4.4 what fails for all has an error for each": (
        "{ everybody { broken } }", {}, {"everybody": [{"broken": None}, {"broken": None}]},
        ["everybody.0.broken: broken", "everybody.1.broken: broken"]),
    "6.4.4 null goes up to what may be null": (
        "{ everybodyOrNull { name strictLuck } }", {}, {"everybodyOrNull": [{"name": "Ana", "strictLuck": 1}, None]},
        ["everybodyOrNull.1.strictLuck: no luck"]),
    "6.4.4 an item that may not be null takes its list along": (
        "{ ana { name } everybody { strictLuck } }", {}, {"ana": {"name": "Ana"}, "everybody": None},
        ["everybody.1.strictLuck: no luck"]),
    "6.4.4 null where it may not be is an error": (
        "{ everybody { name strictFriends { name } } }", {},
        {"everybody": [{"name": "Ana", "strictFriends": [{"name": "Bo"}, {"name": "Ana"}]},
                       {"name": "Bo", "strictFriends": None}]},
        [f"everybody.1.strictFriends.1: {NULL} Person.strictFriends."]),
    "6.4.4 one null has one error": (
        "{ everybody { a: strictBroken b: strictBroken broken } }", {}, {"everybody": None},
        ["everybody.0.a: broken"]),
    "6.4.4 where nothing may be null, there is no data": (
        "{ strictAna { strictBroken } }", {}, None, ["strictAna.strictBroken: broken"]),
    "6.4.4 one object at two places has an error at each": (
        "{ everybody { friends { nick luck } } }", {},
        {"everybody": [{"friends": [{"nick": None, "luck": None}, {"nick": "an", "luck": 1}]},
                       {"friends": [{"nick": "an", "luck": 1}, None, {"nick": None, "luck": None}]}]},
        ["everybody.0.friends.0.luck: no luck", "everybody.1.friends.2.luck: no luck"]),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
async def test_the_rules(people: ComposedSchema, rule: str) -> None:
    document, variables, data, errors = RULES[rule]
    answered = people.executor.answered
    assert repr(await said(people, document, **variables)) == repr((data, errors))
    assert people.executor.answered == answered + (not rule.startswith("6.1.2 without"))


@pytest.mark.one_executor
async def test_6_2_1_queries_ask_once_for_each_level(people: ComposedSchema) -> None:
    await said(people, "{ everybody { friends { friends { luck echo } } again: friends { name } } }")
    assert CALLS == [("friends", 2), ("friends", 2), ("luck", 2), ("echo", 2)]


async def test_6_2_2_mutations_are_done_one_after_another(filled: Api) -> None:
    mutations, wanted = "", {}
    for name in "abc":
        given = f'customerId: "customer_{key(CUSTOMER, 1)}", tags: ["{name}"]'
        mutations += f"{name}: tagsAdd(input: {{ {given} }}) {{ customer {{ tags }} }} "
        wanted[name] = {"customer": {"tags": [*"abc"[: "abc".index(name) + 1], "vip"]}}
    answered = filled.schema.executor.answered
    assert await filled.data(f"mutation {{ {mutations} }}") == wanted
    assert filled.schema.executor.answered == answered + 1
