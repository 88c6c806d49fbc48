"""Random queries, answered by both executors: what one says the other says, data and errors."""

import os
import random
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import time_machine

from regulars_core.shop.actors import Actor
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.request.context import GraphQLContext, RequestContext
from regulars_schema.testing import Api
from tests.schema.test_statements import CUSTOMER, GROUP, LINE, NOTE, PURCHASE, key
from tests.support.generated_documents import Generator
from tests.support.twins import Twins

MANY = int(os.environ.get("GENERATED_QUERIES", "200"))
"""On each engine. `make faults` asks 10,000 in all."""
ROLES = ("administrator", "cashier", "store_terminal")

IDS = [
    *(f"customer_{key(CUSTOMER, n)}" for n in (1, 7, 11, 13, 14)),
    *(f"purchase_{key(PURCHASE, n)}" for n in (3, 33)),
    f"group_{key(GROUP, 1)}",
    f"line_{key(LINE, 5)}",
    f"note_{key(NOTE, 2)}",
    f"customer_{key(CUSTOMER, 99_999)}",
]


# graphql-core leaves coroutines behind where null propagates past fields that it has begun with.
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("seed", range(4))
async def test_queries(filled: Api, faulty: ComposedSchema, twins: Twins, seed: int) -> None:
    generator = Generator(faulty._schema, random.Random(seed), IDS)
    wanted, tried = MANY // 4, 0
    faulty.executor.left.clear()
    while twins.compared < wanted:
        tried += 1
        role = generator.chance.choice(ROLES)
        query = generator.query()
        context = GraphQLContext(RequestContext(filled.shop, Actor.of_role("key", "till", role)))
        with time_machine.travel(datetime.now(UTC), tick=False):  # what tells the present tells both the same
            await faulty.execute(query.text, query.variables, context)
        assert not twins.differences, twins.differences[0]
    assert not faulty.executor.left, "Queries were left to graphql-core."
    assert tried < wanted * 1.4, "Most of what is generated ought to be valid."


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited", "ignore::pytest.PytestUnraisableExceptionWarning")
async def test_selections_of_payloads(filled: Api, faulty: ComposedSchema) -> None:
    """Under one key a mutation is done once and answers the same again, by the other executor too."""
    generator = Generator(faulty._schema, random.Random(5), IDS)
    alike = 0
    for number in range(MANY // 5):
        given = f'customerId: "customer_{key(CUSTOMER, number % 50)}", tags: ["t{number}"], idempotencyKey: "{uuid4()}"'
        query = generator.mutation("tagsAdd", f"input: {{ {given} }}")
        answers = []
        for breadth_first in (True, False):
            faulty.executor.enabled = breadth_first
            answers.append(await filled.ask(query.text, **query.variables))
        faulty.executor.enabled = True
        ours, theirs = answers
        assert repr(ours.data) == repr(theirs.data), query.text
        assert bool(ours.errors) == bool(theirs.errors), query.text
        alike += ours.data is not None
    assert alike > MANY // 10
