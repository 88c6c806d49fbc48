"""Plugins say what of theirs keeps customers from being deleted: those that are off, too."""

from collections.abc import Mapping, Sequence

from regulars_core.plugin import Shop, hookimpl, plugins_on
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith


class Cards:
    """Has cards of those who were registered last."""

    def __init__(self, count: int) -> None:
        self.count = count

    @hookimpl
    async def customers_referenced(self, shop: Shop, customers: Sequence[str]) -> Sequence[Mapping[str, int]]:
        assert shop.database.in_transaction
        return [{"cards": self.count} for _ in customers]


async def test_on_and_off(open_with: OpenWith) -> None:
    on, off = Cards(2), Cards(3)
    api = Api.of(await open_with(plugins_on({"cards": on}, off=lambda: {"more": off})))
    made = await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    document = (
        "mutation($input: CustomerDeleteInput!) { customerDelete(input: $input) { deletedCustomerId"
        " userErrors { code ... on CustomerReferenced { counts { kind count } } } } }"
    )
    given = {"id": made["customer"]["id"], "idempotencyKey": "a"}
    answer = (await api.data(document, input=given))["customerDelete"]
    referenced = {"code": "CUSTOMER_REFERENCED", "counts": [{"kind": "cards", "count": 5}]}
    assert answer == {"deletedCustomerId": None, "userErrors": [referenced]}
    on.count = off.count = 0
    answer = (await api.data(document, input={**given, "idempotencyKey": "b"}))["customerDelete"]
    assert answer == {"deletedCustomerId": given["id"], "userErrors": []}
