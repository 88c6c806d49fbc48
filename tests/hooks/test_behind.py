"""Who asks plugins what they keep waits for those that are being told what they missed; an erasure does not."""

from collections.abc import Mapping, Sequence

from regulars_core.customers.erasure.due import erase_due
from regulars_core.customers.erasure.requests import request_erasure
from regulars_core.plugin import Actor, Parts, hookimpl, now, plugins_on
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith
from tests.hooks.test_customers_merged import people


class Keeps:
    """Keeps something of everybody."""

    def __init__(self) -> None:
        self.erased: list[Sequence[str]] = []

    @hookimpl
    async def customers_data(self, customers: Sequence[str]) -> Sequence[Parts]:
        return [{"wish": [{"of": one}]} for one in customers]

    @hookimpl
    async def customers_referenced(self, customers: Sequence[str]) -> Sequence[Mapping[str, int]]:
        return [{} for _ in customers]

    @hookimpl
    async def customers_erased(self, customers: Sequence[str]) -> Mapping[str, int]:
        self.erased.append(customers)
        return {}


async def test_what_waits(open_with: OpenWith) -> None:
    keeps = Keeps()
    shop = await open_with(plugins_on({"keeps": keeps}))
    api = Api.of(shop)
    ana, bo = await people(api, "Ana", "Bo")
    shop.behind, shop.was_behind = frozenset({"keeps"}), True
    delete = 'mutation($id: ID!) { customerDelete(input: {id: $id, idempotencyKey: "d"}) { deletedCustomerId } }'
    tell = 'mutation($id: ID!) { customerDataRequest(input: {customerId: $id, idempotencyKey: "t"}) { document } }'
    for document in (delete, tell):
        answer = await api.ask(document, id=ana)
        assert answer.codes == ["UNAVAILABLE"]
        assert answer.errors[0]["extensions"]["plugin"] == "keeps"
    assert (await api.data("{ customers { totalCount } }"))["customers"] == {"totalCount": 2}
    await request_erasure(shop, bo.removeprefix("customer_"), Actor.of_role("k", "me", "administrator"), "OTHER", now())
    await erase_due(shop)
    assert keeps.erased == [[bo.removeprefix("customer_")]]
    shop.behind = frozenset()
    assert "wish" in (await api.data(tell, id=ana))["customerDataRequest"]["document"]
    deleted = (await api.data(delete, id=ana))["customerDelete"]
    assert deleted == {"deletedCustomerId": ana}
