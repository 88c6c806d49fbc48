"""Plugins tell what they keep of customers: those that are off, too, and each for itself."""

from collections.abc import Sequence

from regulars_core.plugin import Parts, Shop, hookimpl, plugins_on
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith
from tests.support.handed_out import known_of


class Wishes:
    """Has a wish of everybody."""

    def __init__(self, wish: str) -> None:
        self.wish = wish

    @hookimpl
    async def customers_data(self, shop: Shop, customers: Sequence[str]) -> Sequence[Parts]:
        assert not await shop.database.rows(
            "SELECT 1 FROM customer WHERE id = $1 AND first_name <> 'Ana'", customers[0]
        )
        return [{"wish": [{"wish": self.wish, "of": one}]} for one in customers]


async def test_on_and_off(open_with: OpenWith) -> None:
    off = Wishes("a hat")
    api = Api.of(await open_with(plugins_on({"wishes": Wishes("tea")}, off=lambda: {"hopes": off})))
    made = await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    [record] = (await known_of(api, made["customer"]["id"]))["records"]
    id_ = made["customer"]["id"].removeprefix("customer_")
    assert list(record) == ["customerId", "core", "wishes", "hopes"]
    assert record["wishes"] == {"wish": [{"wish": "tea", "of": id_}]}
    assert record["hopes"] == {"wish": [{"wish": "a hat", "of": id_}]}
