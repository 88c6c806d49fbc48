"""Who asks plugins what they keep waits for those that are being told what they missed; an erasure does not."""

from collections.abc import Mapping, Sequence

from regulars_core.bulk.worker import do_bulk_jobs
from regulars_core.customers.erasure.due import erase_due
from regulars_core.customers.erasure.requests import request_erasure
from regulars_core.plugin import Actor, Parts, hookimpl, now, plugins_on
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith
from tests.hooks.test_customers_merged import people
from tests.support.handed_out import at_the_office, handed_out


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
    answer = await api.ask(delete, id=ana)
    assert answer.codes == ["UNAVAILABLE"]
    assert answer.errors[0]["extensions"]["plugin"] == "keeps"
    given, office = {"customerId": ana, "idempotencyKey": "t"}, await at_the_office(api)
    await office.done("customerDataRequest", "bulkJob { id }", given)
    await do_bulk_jobs(shop)
    assert (await office.done("customerDataRequest", "bulkJob { stage problem }", given))["bulkJob"] == {
        "stage": "QUEUED", "problem": None,
    }  # fmt: skip
    assert (await api.data("{ customers { totalCount } }"))["customers"] == {"totalCount": 2}
    await request_erasure(shop, bo.removeprefix("customer_"), Actor.of_role("k", "me", "administrator"), "OTHER", now())
    await erase_due(shop)
    assert keeps.erased == [[bo.removeprefix("customer_")]]
    shop.behind = frozenset()
    assert b"wish" in await handed_out(office, ana, idempotencyKey="t")
    deleted = (await api.data(delete, id=ana))["customerDelete"]
    assert deleted == {"deletedCustomerId": ana}
