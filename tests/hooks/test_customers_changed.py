"""Plugins hear of changed customers: once for each change, and of none where nothing changed."""

import pytest

from regulars_core.imports import ImportOptions, import_customers
from regulars_schema.testing import Api
from tests.imports.conftest import Files, silent
from tests.support.stamps import told


async def times(api: Api) -> list[int]:
    return [count for key, (_, count) in (await told(api.shop)).items() if key.startswith("customers_changed")]


async def test_every_way_to_change_one(asking: Api) -> None:
    made = await asking.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    id_ = made["customer"]["id"]
    group = await asking.done("customerGroupCreate", "customerGroup { id }", {"name": "VIP"})
    group_id = group["customerGroup"]["id"]
    other = await asking.done("customerGroupCreate", "customerGroup { id }", {"name": "Other"})
    steps = [
        ("customerUpdate", {"id": id_, "firstName": "Eva"}),
        ("customerDeactivate", {"id": id_}),
        ("customerReactivate", {"id": id_}),
        ("customerSuspend", {"id": id_}),
        ("tagsAdd", {"customerId": id_, "tags": ["a"]}),
        ("tagsRemove", {"customerId": id_, "tags": ["a"]}),
        ("customersAssignGroup", {"customerIds": [id_], "groupId": group_id}),
    ]
    for n, (name, given) in enumerate(steps, 1):
        for _ in range(2):  # the second time nothing is different
            if name in asking.schema.as_str():
                await asking.do(name, "__typename", given)
        assert await times(asking) == [n], name
    moving = {"id": group_id, "moveCustomersTo": other["customerGroup"]["id"]}
    await asking.done("customerGroupDelete", "__typename", moving)
    assert await times(asking) == [len(steps) + 1]


@pytest.mark.parametrize("changed", ["Eva", "Ana"])
async def test_an_import_tells_of_many_at_once(asking: Api, files: Files, changed: str) -> None:
    for name in ("Ana", changed):
        rows = "\n".join(f"C{n},{name},Li" for n in range(5))
        await import_customers(asking.shop, files.write(f"code,first_name,last_name\n{rows}"), ImportOptions(), silent)
    assert await times(asking) == ([1] * 5 if changed == "Eva" else [])
