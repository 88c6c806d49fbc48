"""The shop of tests/schema/test_statements.py: a hundred of everything."""

import pytest

from regulars_core.shop.actors import Actor
from regulars_core.shop.shop import Shop
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.testing import Api
from tests.schema.test_statements import fill
from tests.support.faulty import faulty_schema


@pytest.fixture(scope="session")
def faulty() -> ComposedSchema:
    """A schema with fields that fail."""
    return faulty_schema()


@pytest.fixture
async def filled(shop: Shop, faulty: ComposedSchema) -> Api:
    """Asks a shop full of customers, by the schema with fields that fail."""
    await shop.database.transaction(lambda: fill(shop))
    return Api(faulty, shop, Actor.of_role("key", "till", "administrator"))
