"""Customer codes: each given out once, whoever asks and whatever is brought along."""

import asyncio

import pytest

from regulars_core.customers.codes import BLOCK, Codes, CodesWanted
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.customers.service import give_codes, register
from regulars_core.errors import Refused
from regulars_core.shop import Shop
from regulars_core.testing import OpenShop


async def test_codes_count_up_by_prefix(shop: Shop) -> None:
    assert await shop.codes.take(count=3) == ["CUST-00001", "CUST-00002", "CUST-00003"]
    assert await shop.codes.take("S07", 2) == ["CUST-S07-00001", "CUST-S07-00002"]
    assert await shop.codes.take() == ["CUST-00004"]
    many = await shop.codes.take(count=5 * BLOCK)
    assert len(set(many)) == 5 * BLOCK
    assert many[0] == "CUST-00005"


async def test_two_processes_never_share_a_code(open_shop: OpenShop) -> None:
    shops = [await open_shop() for _ in range(3)]
    taken = await asyncio.gather(*(shops[n % 3].codes.take(count=n % 7 + 1) for n in range(30)))
    codes = [code for some in taken for code in some]
    assert len(codes) == len(set(codes))


async def test_a_block_is_not_taken_inside_a_transaction(shop: Shop) -> None:
    with pytest.raises(CodesWanted, match="before a transaction"):
        await shop.database.transaction(shop.codes.take)
    assert await shop.codes.take() == ["CUST-00001"]
    assert await shop.database.transaction(shop.codes.take) == ["CUST-00002"]


async def test_a_transaction_that_runs_out_of_codes_runs_again_with_some_set_aside(shop: Shop) -> None:
    runs = []

    async def work() -> list[str]:
        runs.append(1)
        return [*await shop.codes.take("S07", 2), *await shop.codes.take(), *await shop.codes.take("S07", 1)]

    found = await shop.codes.outside(lambda: shop.database.transaction(work))
    assert len(set(found)) == 4
    assert len(runs) <= 4
    many = await asyncio.gather(*(shop.codes.outside(lambda: shop.database.transaction(work)) for _ in range(20)))
    assert len({code for some in many for code in some} - set(found)) == 80


async def test_a_code_that_was_brought_along_is_never_given_out(shop: Shop) -> None:
    assert await shop.codes.take() == ["CUST-00001"]
    await shop.codes.pass_over(["CUST-00100", "CUST-S07-00005", "LEGACY-9", "CUST-00090", "cust-00500", "CUST-9"])
    assert await shop.codes.take() == ["CUST-00101"]
    assert await shop.codes.take("S07") == ["CUST-S07-00006"]
    await shop.codes.pass_over(["CUST-00050"])
    assert int((await shop.codes.take())[0].removeprefix("CUST-")) > 101
    await shop.codes.pass_over([])


async def test_a_code_somebody_already_has_is_skipped(shop: Shop) -> None:
    """Even if whoever brought it along told nobody."""
    theirs = checked(shop.settings, NewCustomer("Ana", "Li", code="cust-00003"))
    assert theirs.code == "CUST-00003"
    await register(shop, [theirs])
    assert await Codes(shop.database).take(count=3) == ["CUST-00001", "CUST-00002", "CUST-00004"]


async def test_a_code_is_one_customers(shop: Shop) -> None:
    ana = checked(shop.settings, NewCustomer("Ana", "Li", code="A-1"))
    assert len(await register(shop, [ana])) == 1
    with pytest.raises(Refused, match="CODE_TAKEN"):
        await register(shop, [checked(shop.settings, NewCustomer("Bo", "Ek", code="a-1"))])
    given = await give_codes(shop, [ana, checked(shop.settings, NewCustomer("Cy", "Ek"))])
    assert [customer.code for customer in given] == ["A-1", "CUST-00001"]


async def test_numbers_grow_beyond_five_digits(shop: Shop) -> None:
    await shop.codes.pass_over(["CUST-99998"])
    assert await shop.codes.take(count=2) == ["CUST-99999", "CUST-100000"]
    await shop.codes.pass_over(["CUST-100005"])
    assert int((await shop.codes.take())[0].removeprefix("CUST-")) > 100_005
