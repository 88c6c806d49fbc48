"""Plugins hear of purchases, and may refuse them."""

import logging
from collections.abc import Callable

import pytest

from regulars_core.imports import ImportOptions, import_purchases
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on
from regulars_schema.testing import Api
from tests.hooks.conftest import OpenWith, basket
from tests.hooks.test_plugins import plugin
from tests.imports.conftest import Files, silent
from tests.support import stamps
from tests.support.stamps import told


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


TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    "postgres": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}


async def contents(shop: Shop) -> dict[str, list[str]]:
    """Every row of every table."""
    tables = [row[0] for row in await shop.database.rows(TABLES[shop.database.engine])]
    return {table: sorted(map(repr, await shop.database.rows(f'SELECT * FROM "{table}"'))) for table in tables}


@pytest.mark.parametrize("error", [Refused(Problem("NO", "No.")), RuntimeError("secret")], ids=["refused", "broken"])
async def test_nothing_is_left_of_what_others_have_written_before(open_with: OpenWith, error: Exception) -> None:
    """Neither of core's nor of the plugins'; only the key remembers a refusal, and codes may be skipped."""

    async def purchases_recorded(shop: Shop) -> None:
        assert await shop.database.rows("SELECT 1 FROM stamps_told WHERE key LIKE 'purchases_recorded:%'")
        raise error

    on = plugins_on({"stamps": stamps, "strict": plugin(purchases_recorded=purchases_recorded)})
    shop = await open_with(on)
    api = Api.of(shop)
    made = await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    before = await contents(shop)
    document = "mutation($i: PurchaseRecordInput!) { purchaseRecord(input: $i) { userErrors { code } } }"
    for n, buyer in enumerate(
        (
            {"customerId": made["customer"]["id"]},
            {"customer": {"firstName": "B", "lastName": "C", "phone": "5512345678"}},
        )
    ):
        answer = await api.ask(document, i=basket(idempotencyKey=f"k{n}", payments=[], note="x", **buyer))
        assert answer.codes or answer.data == {"purchaseRecord": {"userErrors": [{"code": "NO"}]}}
    after = await contents(shop)
    assert len(after) > 15
    expected = {"idempotency_key"} if isinstance(error, Refused) else set()
    assert {table for table in after if after[table] != before[table]} - {"code_block"} == expected


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
