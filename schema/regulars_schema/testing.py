"""Asking a shop in GraphQL without a socket between: for tests, those of plugins too. Needs no pytest."""

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import uuid4

from regulars_core.plugins.host import Plugins
from regulars_core.shop.actors import Actor
from regulars_core.shop.shop import Shop
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.composition.known_schema import remember_schema
from regulars_schema.request.context import GraphQLContext, RequestContext
from regulars_schema.request.errors import answered
from regulars_schema.schema import schema_of

MONEY = frozenset({"purchaseRecord", "purchaseRefund", "purchaseVoid", "purchasePay", "purchasesReassign"})
"""The mutations that must have an idempotency key because money is at stake."""
LEDGER = frozenset({"customersMerge", "customersUnmerge"})
"""Those that must have one because the ledger may be."""
FOR_EVER = frozenset({"customerDelete", "customerEraseRequest", "customerEraseCancel", "customerDataRequest"})
"""Those that must have one because they cannot be taken back, or because data leaves the shop."""
USER_ERRORS = "userErrors { __typename code message path }"
"""What is selected of user errors."""


def keyed(mutation: str, input: dict[str, Any]) -> dict[str, Any]:
    """The input with a key of its own where the mutation needs one and none is given."""
    return {"idempotencyKey": uuid4().hex, **input} if mutation in MONEY | LEDGER | FOR_EVER else input


@dataclass
class Answer:
    """What came back, errors in the form in which clients see them."""

    data: Any
    errors: list[dict[str, Any]]
    extensions: dict[str, Any]

    @property
    def codes(self) -> list[str]:
        """The codes of the errors."""
        return [error["extensions"]["code"] for error in self.errors]


class Api:
    """One client of one shop."""

    _composed: ClassVar[dict[tuple[Any, ...], tuple[ComposedSchema, Plugins]]] = {}
    """A schema for each choice of plugins that add to it, with these, which keeps their modules: composing it takes as long as a
    test does."""

    def __init__(self, schema: ComposedSchema, shop: Shop, actor: Actor) -> None:
        self.schema, self.shop, self.actor = schema, shop, actor

    @classmethod
    def of(cls, shop: Shop, role: str = "administrator") -> "Api":
        """A client named `till` of a shop with its plugins."""
        adding = shop.plugins.declared("regulars_schema")
        on = (*sorted(shop.permissions.all), *(id(module) for name, module in shop.plugins.modules if name in adding))
        if on not in cls._composed:
            cls._composed[on] = schema_of(shop.plugins), shop.plugins
        schema, _ = cls._composed[on]
        remember_schema(shop, schema)
        return cls(schema, shop, Actor.of_role("key", "till", role, shop.permissions))

    async def ask(self, document: str, **variables: Any) -> Answer:
        """The answer, whatever it is."""
        context = GraphQLContext(RequestContext(self.shop, self.actor))
        result = await self.schema.execute(document, variable_values=variables, context_value=context)
        return Answer(result.data, [answered(error) for error in result.errors or ()], context.extensions)

    async def data(self, document: str, **variables: Any) -> Any:
        """The data of an answer that has no errors."""
        answer = await self.ask(document, **variables)
        assert not answer.errors, answer.errors
        return answer.data

    async def do(self, mutation: str, payload: str, input: dict[str, Any]) -> Any:
        """The payload of one mutation, with its user errors; under a key of its own where it needs one and none is given."""
        kind = mutation[0].upper() + mutation[1:] + "Input"
        document = f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {payload} {USER_ERRORS} }} }}"
        given = {"idempotencyKey": uuid4().hex, **input} if self._must_have_key(kind) else keyed(mutation, input)
        return (await self.data(document, input=given))[mutation]

    def _must_have_key(self, kind: str) -> bool:
        """Whether the schema demands a key of an input."""
        definition: Any = self.schema.get_type_by_name(kind)
        return any(field.python_name == "idempotency_key" and field.type is str for field in definition.fields)

    async def done(self, mutation: str, payload: str, input: dict[str, Any]) -> Any:
        """The payload of a mutation that worked."""
        made = await self.do(mutation, payload, input)
        assert made["userErrors"] == [], made["userErrors"]
        return made

    async def refused(self, mutation: str, input: dict[str, Any]) -> list[str]:
        """The codes with which a mutation was refused."""
        return [error["code"] for error in (await self.do(mutation, "__typename", input))["userErrors"]]


__all__ = ["MONEY", "USER_ERRORS", "Answer", "Api", "GraphQLContext", "keyed"]
