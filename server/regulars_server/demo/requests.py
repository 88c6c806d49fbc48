"""What plugins bring is made for the demo by the API, since they may be off, and are not known here."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from regulars_core.primitives.money import exponent_of
from regulars_core.shop.actors import operator
from regulars_core.shop.shop import Shop
from regulars_schema.request.context import GraphQLContext, RequestContext
from regulars_schema.schema import schema_in
from regulars_server.demo.catalogue import priced


def is_on(shop: Shop, plugin: str) -> bool:
    """Whether a plugin is on."""
    return plugin in dict(shop.plugins.modules)


def money(shop: Shop, hundredths: int) -> str:
    """About the same worth in the shop's currency, as the API takes it."""
    minor, exponent = priced(hundredths, shop.currency), exponent_of(shop.currency)
    return str(minor) if not exponent else f"{minor // 10**exponent}.{minor % 10**exponent:0{exponent}}"


async def done(shop: Shop, mutation: str, given: Mapping[str, Any], payload: str = "__typename") -> Any:
    """What a mutation answers. Raises RuntimeError where it is refused."""
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    document = (
        f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {payload} userErrors {{ code message }} }} }}"
    )
    answer = (await asked(shop, document, input={"idempotencyKey": uuid4().hex, **given}))[mutation]
    if answer["userErrors"]:
        raise RuntimeError(f"the demo's {mutation} was refused: {answer['userErrors'][0]['message']}")
    return answer


async def asked(shop: Shop, document: str, **variables: Any) -> Any:
    """What a document answers. Raises RuntimeError where it does not."""
    context = GraphQLContext(RequestContext(shop, operator(shop.permissions)))
    result = await schema_in(shop).execute(document, variable_values=variables, context_value=context)
    if result.errors:
        raise RuntimeError(f"the demo asked for what there is not: {result.errors[0].message}")
    return result.data
