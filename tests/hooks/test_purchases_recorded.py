"""Plugins hear of purchases, and may refuse them."""

import logging
from collections.abc import Callable

import pytest

from regulars_core.importing import ImportOptions, import_purchases
from regulars_core.shop import Shop
from tests.asking import Api
from tests.hooks.conftest import basket
from tests.hooks.stamps import told
from tests.importing.conftest import Files, silent


async def test_once_for_each(asking: Api) -> None:
    for _ in range(2):
        await asking.done("purchaseRecord", "created", basket())
    assert list((await told(asking.shop)).values()) == [(500, 1)]


async def test_a_refusal_leaves_nothing_behind_and_reaches_the_client(asking: Api) -> None:
    made = await asking.do("purchaseRecord", "created", basket(total="6.66"))
    assert made["userErrors"] == [
        {"__typename": "InvalidInput", "code": "UNLUCKY", "message": "This total brings bad luck.",
         "path": ["input", "lines"]}
    ]  # fmt: skip
    assert await asking.data("{ purchases { totalCount } }") == {"purchases": {"totalCount": 0}}
    assert await told(asking.shop) == {}


async def test_what_nobody_foresaw_is_logged_with_the_plugins_name(
    asking: Api, caplog: pytest.LogCaptureFixture
) -> None:
    document = "mutation($i: PurchaseRecordInput!) { purchaseRecord(input: $i) { created } }"
    with caplog.at_level(logging.ERROR):
        answer = await asking.ask(document, i=basket(total="6.67", idempotencyKey="k1"))
    assert answer.codes == ["INTERNAL"]
    assert "secret" not in str(answer.errors)
    [record] = [record for record in caplog.records if record.name == "regulars"]
    assert answer.errors[0]["extensions"]["errorId"] in record.getMessage()
    assert "in purchases_recorded of the plugin 'stamps'" in record.getMessage()
    assert await asking.data("{ purchases { totalCount } }") == {"purchases": {"totalCount": 0}}


def rows_of(count: int, unlucky: Callable[[int], bool]) -> str:
    lines = [f"R{n},2026-01-01,Tea,1,{'6.66' if unlucky(n) else '5.00'}" for n in range(count)]
    return "reference,purchased_at,name,quantity,total\n" + "\n".join(lines)


@pytest.mark.parametrize("count", [300, 10_000])
async def test_an_import_rejects_only_the_culprits(stamped: Shop, files: Files, count: int) -> None:
    path = files.write(rows_of(count, lambda n: n in {3, 150, 299}))
    report = await import_purchases(stamped, path, ImportOptions(), silent)
    assert (report.created, report.rejected) == (count - 3, 3)
    assert [row["reference"] for row in files.rejects()] == ["R3", "R150", "R299"]
    assert list((await told(stamped)).values()) == [(500, 1)] * (count - 3)
