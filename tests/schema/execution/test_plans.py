"""Plans: found again, never those of somebody else, and never more than there is room for."""

from typing import Any

import pytest
from graphql import Executor, parse

from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.documents.documents import MAX_CACHED_CHARACTERS, Documents
from regulars_schema.documents.operations import BoundOperation
from regulars_schema.executor.plan import Plan, Unsupported
from regulars_schema.executor.plan_cache import MAX_FORMS, Plans
from regulars_schema.executor.planner import MAX_FIELDS
from tests.support.people import nobody, people_schema, said

FORMS = 5
STEERED = (
    f"query({', '.join(f'$b{n}: Boolean!' for n in range(FORMS))}) {{ ana {{ name"
    f" {' '.join(f'a{n}: name @skip(if: $b{n})' for n in range(FORMS))} }} }}"
)


@pytest.fixture(scope="module")
def people() -> ComposedSchema:
    return people_schema()


def found(people: ComposedSchema, plans: Plans, documents: Documents, text: str, **variables: Any) -> Plan:
    """The plan of a document that has been found valid."""
    document = documents.find(text)
    if document is None:
        document = parse(text)
        documents.keep(text, document)
    prepared = Executor.build(people._schema, document, None, None, variables)
    assert isinstance(prepared, Executor)
    return plans.find(text, BoundOperation.of(prepared)).plan


def test_a_plan_is_made_once_whatever_the_variables(people: ComposedSchema) -> None:
    documents = Documents()
    plans = Plans(documents)
    text = "query($t: String) { ana { echo(text: $t) } }"
    assert found(people, plans, documents, text, t="a") is found(people, plans, documents, text, t="b")
    assert len(plans) == 2


def test_what_cannot_be_planned_is_remembered_too(people: ComposedSchema) -> None:
    documents = Documents()
    plans = Plans(documents)
    for _ in range(2):
        with pytest.raises(Unsupported, match="introspection"):
            found(people, plans, documents, "{ __schema { description } }")
    assert len(plans) == 1


def test_variables_that_steer_cannot_fill_the_plans(people: ComposedSchema) -> None:
    documents = Documents()
    plans = Plans(documents)
    seen = []
    for number in range(2**FORMS):
        steering = {f"b{n}": bool(number >> n & 1) for n in range(FORMS)}
        plan = found(people, plans, documents, STEERED, **steering)
        [ana] = plan.root.fields
        seen.append({asked.name for asked in ana.shape.selection.fields})  # type: ignore[union-attr]
        assert seen[-1] == {"name", *(f"a{n}" for n in range(FORMS) if not steering[f"b{n}"])}
    assert len({frozenset(names) for names in seen}) == 2**FORMS
    assert len(plans) <= MAX_FORMS * (FORMS + 2)


def test_the_plans_used_last_are_kept(people: ComposedSchema) -> None:
    documents = Documents()
    plans = Plans(documents, size=6)
    texts = [f"{{ ana {{ a{n}: name }} }}" for n in range(4)]
    first = [found(people, plans, documents, text) for text in texts[:3]]
    assert found(people, plans, documents, texts[0]) is first[0]
    found(people, plans, documents, texts[3])
    assert len(plans) == 6
    assert found(people, plans, documents, texts[0]) is first[0]
    assert found(people, plans, documents, texts[1]) is not first[1]


def test_a_plan_goes_with_its_document(people: ComposedSchema) -> None:
    text = "{ ana { name } }"
    documents = Documents(len(text))
    plans = Plans(documents)
    plan = found(people, plans, documents, text)
    documents.keep("{ other }", parse("{ other }"))
    again = found(people, plans, documents, text)
    assert again is not plan
    assert again.root.fields[0].nodes[0] is not plan.root.fields[0].nodes[0]
    assert len(plans) == 2


def test_plans_of_documents_that_are_not_kept_are_not_kept(people: ComposedSchema) -> None:
    documents = Documents()
    plans = Plans(documents)
    found(people, plans, documents, "{ ana { name } }".ljust(MAX_CACHED_CHARACTERS + 1))
    assert len(plans) == 0


def test_fragments_in_fragments_are_planned_once(people: ComposedSchema) -> None:
    """2 to the power of 25 fields, if every spread were followed by itself."""
    text = "{ ana { ...F0 } }" + "".join(
        f" fragment F{n} on Person {{ a: friends {{ ...F{n + 1} }} b: strictFriends {{ ...F{n + 1} }} }}"
        for n in range(25)
    )
    documents = Documents()
    plan = found(people, Plans(documents), documents, text + " fragment F25 on Person { name }")
    assert plan.size < 150


def test_a_plan_has_an_end(people: ComposedSchema) -> None:
    text = f"{{ ana {{ {' '.join(f'a{n}: name' for n in range(MAX_FIELDS))} }} }}"
    documents = Documents()
    with pytest.raises(Unsupported, match=f"more than {MAX_FIELDS} fields"):
        found(people, Plans(documents), documents, text)


async def test_operations_of_one_document_do_not_mix(people: ComposedSchema) -> None:
    document = "query A { ana { name } } query B { ana { nick } }"
    for _ in range(2):
        for name, data in (("A", {"name": "Ana"}), ("B", {"nick": "an"})):
            result = await people.execute(document, None, nobody(), operation_name=name)
            assert result.data == {"ana": data}


@pytest.mark.parametrize("yes", [True, False])
async def test_a_document_asked_both_ways(people: ComposedSchema, yes: bool) -> None:
    document = "query($y: Boolean = false) { ana { name nick @include(if: $y) } }"
    assert await said(people, document, y=yes) == ({"ana": {"name": "Ana"} | ({"nick": "an"} if yes else {})}, [])
    assert await said(people, document) == ({"ana": {"name": "Ana"}}, [])
