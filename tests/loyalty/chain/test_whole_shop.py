"""A shop in which everything happens has a ledger that holds, through merges and their undo too."""

from datetime import UTC, datetime

import time_machine

from regulars_core.customers.merge.undo import unmerge
from regulars_core.plugin import Shop
from regulars_core.testing import little_of_everything
from regulars_loyalty.chain import seals
from regulars_loyalty.chain.chaining import chain
from regulars_loyalty.chain.due import post_due
from regulars_loyalty.chain.verification import Verification, verify_customer
from tests.loyalty.conftest import Owner, key


async def test_everything_holds(loyalty: Shop) -> None:
    owner = Owner(loyalty)
    settings = [{"name": "points", "value": "3"}, {"name": "per", "value": "1.00"}]
    rule = {"code": "BASE", "name": "Base", "rule": {"kind": "PER_AMOUNT", "settings": settings}}
    program = {"rules": [rule], "expireAfter": "P30D"}
    with time_machine.travel(datetime(2025, 12, 1, tzinfo=UTC)):
        await owner.api.done("pointsProgramUpdate", "pointsProgram { number }", {"program": program})
    await little_of_everything(loyalty)
    ana, bo = await owner.customer("Ana"), await owner.customer("Bo")
    for one in (ana, bo):
        await owner.gives(one, 100)
        await owner.gives(one, 500, "USD")
    await owner.takes(bo, 30)
    await owner.takes(bo, 700, "USD", allow_debt=True)
    merge = await owner.merges(ana, bo)
    verification = Verification(loyalty)
    assert [str(one) async for one in verification.differences()] == []
    assert verification.report.results["MERGES_EVEN"].checked > 0
    await chain(loyalty)
    await seals.seal(loyalty)
    await unmerge(loyalty, merge)
    await post_due(loyalty)
    await chain(loyalty)
    await seals.seal(loyalty)
    assert [str(one) async for one in Verification(loyalty).differences()] == []
    assert (await verify_customer(loyalty, key(bo))).holds
    rows = await loyalty.database.rows(
        "SELECT count(*) FROM loyalty_transfer WHERE kind IN ('EARN', 'EXPIRE', 'REVERSE')"
    )
    assert rows[0][0] > 5
