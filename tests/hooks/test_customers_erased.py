"""Plugins hear who is to be forgotten, in the transaction of the erasure: those that are off, too."""

from collections.abc import Mapping, Sequence

from regulars_core.customers.erasure.due import erase_due
from regulars_core.plugin import DAY_MS, Instant, Shop, hookimpl, now, plugins_on
from regulars_core.primitives.clock import moment
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith


class Wishes:
    """Notes whom it was told of, and whether the customer was erased already, which core does first."""

    def __init__(self) -> None:
        self.heard: list[tuple[Sequence[str], str]] = []

    @hookimpl
    async def customers_erased(self, shop: Shop, customers: Sequence[str]) -> Mapping[str, int]:
        assert shop.database.in_transaction
        [row] = await shop.database.rows("SELECT status FROM customer WHERE id = $1", customers[0])
        self.heard.append((customers, row[0]))
        return {"wishes": 3}


async def test_on_and_off(open_with: OpenWith) -> None:
    on, off = Wishes(), Wishes()
    api = Api.of(await open_with(plugins_on({"wishes": on}, off=lambda: {"hopes": off})))
    made = await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    await api.done("customerEraseRequest", "erasure { id }", {"customerId": made["customer"]["id"]})
    assert on.heard == off.heard == []
    with moment(Instant(now() + 11 * DAY_MS)):
        await erase_due(api.shop)
    told = [([made["customer"]["id"].removeprefix("customer_")], "ERASED")]
    assert on.heard == off.heard == told
    [done] = (await api.data("{ erasures { nodes { erased { kind count } } } }"))["erasures"]["nodes"]
    assert {one["kind"]: one["count"] for one in done["erased"]}["wishes"] == 6
    journal = await api.shop.database.rows("SELECT took_part FROM journal WHERE kind = 'customers_erased'")
    assert [row[0] for row in journal] == ["wishes"]  # the other one is told again when it is on
