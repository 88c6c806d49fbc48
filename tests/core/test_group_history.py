"""In which group a customer was: written down by the database, whoever moves customers."""

from regulars_core.customers.changes import assign_group, change
from regulars_core.customers.registration import give_codes, register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.groups.deletion import delete_group
from regulars_core.groups.service import create_group
from regulars_core.primitives.ids import DEFAULT_GROUP_ID
from regulars_core.shop.actors import operator
from regulars_core.shop.shop import Shop


async def test_every_way_into_another_group_is_written_down(shop: Shop) -> None:
    one, other = await create_group(shop, "One", None), await create_group(shop, "Other", None)
    [ana] = await register(shop, await give_codes(shop, [checked(shop.settings, NewCustomer("Ana", "Li"))]))
    assert await changes(shop) == []
    await assign_group(shop, [ana], one)
    await assign_group(shop, [ana], one)
    await change(shop, ana, {"group_id": other})
    await change(shop, ana, {"first_name": "Anna"})
    await delete_group(shop, other, DEFAULT_GROUP_ID, operator(shop.permissions))
    assert await changes(shop) == [(ana, DEFAULT_GROUP_ID, one), (ana, one, other), (ana, other, DEFAULT_GROUP_ID)]


async def changes(shop: Shop) -> list[tuple[str, str, str]]:
    rows = await shop.database.rows(
        "SELECT customer_id, before_id, after_id FROM customer_group_change ORDER BY number"
    )
    return [tuple(str(value).replace("-", "") for value in row) for row in rows]  # type: ignore[misc]
