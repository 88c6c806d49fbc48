"""Customer codes: each given out once, whoever asks and whatever is brought along."""

import asyncio

import pytest

from regulars_core.customers.models import CUSTOMER_CODES
from regulars_core.customers.registration import give_codes, register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.primitives.errors import Refused
from regulars_core.shop.codes import BLOCK, Codes, CodeSeries, CodesExhausted
from regulars_core.shop.shop import Shop
from regulars_core.testing import OpenShop


async def test_codes_count_up_by_prefix(shop: Shop) -> None:
    assert await shop.codes.take(CUSTOMER_CODES, count=3) == ["CUST-00001", "CUST-00002", "CUST-00003"]
    assert await shop.codes.take(CUSTOMER_CODES, "S07", 2) == ["CUST-S07-00001", "CUST-S07-00002"]
    assert await shop.codes.take(CUSTOMER_CODES) == ["CUST-00004"]
    many = await shop.codes.take(CUSTOMER_CODES, count=5 * BLOCK)
    assert len(set(many)) == 5 * BLOCK
    assert many[0] == "CUST-00005"


async def test_each_series_counts_by_itself_and_knows_its_own_codes(shop: Shop) -> None:
    gifts = CodeSeries("GIFT", "customer")
    await register(shop, [checked(shop.settings, NewCustomer("Ana", "Li", code="GIFT-00002"))])
    assert await shop.codes.take(gifts, count=2) == ["GIFT-00001", "GIFT-00003"]
    await shop.codes.reserve_up_to(gifts, ["CUST-00040", "GIFT-00050"])
    assert await shop.codes.take(gifts) == ["GIFT-00051"]
    assert await shop.codes.take(CUSTOMER_CODES) == ["CUST-00001"]
    assert gifts.split("CUST-00001") is None

    async def work() -> list[str]:
        return [*await shop.codes.take(gifts, "S07", 11), *await shop.codes.take(CUSTOMER_CODES, "S07", 1)]

    both = await shop.codes.outside(lambda: shop.database.transaction(work))
    assert [both[0], both[-1]] == ["GIFT-S07-00001", "CUST-S07-00001"]


async def test_two_processes_never_share_a_code(open_shop: OpenShop) -> None:
    shops = [await open_shop() for _ in range(3)]
    taken = await asyncio.gather(*(shops[n % 3].codes.take(CUSTOMER_CODES, count=n % 7 + 1) for n in range(30)))
    codes = [code for some in taken for code in some]
    assert len(codes) == len(set(codes))


async def test_a_block_is_not_taken_inside_a_transaction(shop: Shop) -> None:
    with pytest.raises(CodesExhausted, match="before a transaction"):
        await shop.database.transaction(lambda: shop.codes.take(CUSTOMER_CODES))
    assert await shop.codes.take(CUSTOMER_CODES) == ["CUST-00001"]
    assert await shop.database.transaction(lambda: shop.codes.take(CUSTOMER_CODES)) == ["CUST-00002"]


async def test_a_transaction_that_runs_out_of_codes_runs_again_with_some_set_aside(shop: Shop) -> None:
    runs = []

    async def work() -> list[str]:
        runs.append(1)
        return [
            *await shop.codes.take(CUSTOMER_CODES, "S07", 2),
            *await shop.codes.take(CUSTOMER_CODES),
            *await shop.codes.take(CUSTOMER_CODES, "S07", 1),
        ]

    found = await shop.codes.outside(lambda: shop.database.transaction(work))
    assert len(set(found)) == 4
    assert len(runs) <= 4
    many = await asyncio.gather(*(shop.codes.outside(lambda: shop.database.transaction(work)) for _ in range(20)))
    assert len({code for some in many for code in some} - set(found)) == 80


async def test_a_code_that_was_brought_along_is_never_given_out(shop: Shop) -> None:
    assert await shop.codes.take(CUSTOMER_CODES) == ["CUST-00001"]
    await shop.codes.reserve_up_to(
        CUSTOMER_CODES, ["CUST-00100", "CUST-S07-00005", "LEGACY-9", "CUST-00090", "cust-00500", "CUST-9"]
    )
    assert await shop.codes.take(CUSTOMER_CODES) == ["CUST-00101"]
    assert await shop.codes.take(CUSTOMER_CODES, "S07") == ["CUST-S07-00006"]
    await shop.codes.reserve_up_to(CUSTOMER_CODES, ["CUST-00050"])
    assert int((await shop.codes.take(CUSTOMER_CODES))[0].removeprefix("CUST-")) > 101
    await shop.codes.reserve_up_to(CUSTOMER_CODES, [])


async def test_a_code_somebody_already_has_is_skipped(shop: Shop) -> None:
    """Even if whoever brought it along told nobody."""
    theirs = checked(shop.settings, NewCustomer("Ana", "Li", code="cust-00003"))
    assert theirs.code == "CUST-00003"
    await register(shop, [theirs])
    assert await Codes(shop.database).take(CUSTOMER_CODES, count=3) == ["CUST-00001", "CUST-00002", "CUST-00004"]


async def test_a_code_is_one_customers(shop: Shop) -> None:
    ana = checked(shop.settings, NewCustomer("Ana", "Li", code="A-1"))
    assert len(await register(shop, [ana])) == 1
    with pytest.raises(Refused, match="CODE_TAKEN"):
        await register(shop, [checked(shop.settings, NewCustomer("Bo", "Ek", code="a-1"))])
    given = await give_codes(shop, [ana, checked(shop.settings, NewCustomer("Cy", "Ek"))])
    assert [customer.code for customer in given] == ["A-1", "CUST-00001"]


async def test_numbers_grow_beyond_five_digits(shop: Shop) -> None:
    await shop.codes.reserve_up_to(CUSTOMER_CODES, ["CUST-99998"])
    assert await shop.codes.take(CUSTOMER_CODES, count=2) == ["CUST-99999", "CUST-100000"]
    await shop.codes.reserve_up_to(CUSTOMER_CODES, ["CUST-100005"])
    assert int((await shop.codes.take(CUSTOMER_CODES))[0].removeprefix("CUST-")) > 100_005
