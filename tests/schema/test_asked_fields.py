"""A root field that asks is told which fields are asked of it, whoever executes the document."""

from collections.abc import Set

import pytest
import strawberry

from regulars_core.plugins.owners import CORE
from regulars_core.shop.actors import Actor
from regulars_core.shop.shop import Shop
from regulars_schema.composition.contributions import Contribution, Extension, Query
from regulars_schema.fields.declarations import root
from regulars_schema.request.context import RequestContext
from regulars_schema.request.permissions import requires
from regulars_schema.schema import build_schema
from regulars_schema.testing import Api


@requires(None)
@strawberry.type(description="What was asked.")
class Told:
    """Names, in order."""

    names: list[str] = strawberry.field(description="The fields that were asked.")
    other: str = strawberry.field(description="Something else.")


@root(name="told", returns=Told, asks=True, description="Tells what is asked of it.")
async def told(_: RequestContext, asked: Set[str]) -> Told:
    """What was asked."""
    return Told(names=sorted(asked), other="x")


CASES = [
    ("told { names }", "", ["names"]),
    ("told { names also: other }", "", ["names", "other"]),
    ("told { names ... on Told { ...Rest } }", "fragment Rest on Told { also: other }", ["names", "other"]),
]


@pytest.mark.parametrize(
    "beside", ["", "__schema { queryType { name } }"]
)  # what is introspected graphql-core executes
@pytest.mark.parametrize(("field", "fragment", "names"), CASES)
async def test_names(shop: Shop, field: str, fragment: str, names: list[str], beside: str) -> None:
    schema = build_schema([Contribution(CORE, extensions=[Extension(Query, [told])])])
    api = Api(schema, shop, Actor.of_role("key", "till", "administrator"))
    assert (await api.data(f"{{ {field} {beside} }} {fragment}"))["told"]["names"] == names
