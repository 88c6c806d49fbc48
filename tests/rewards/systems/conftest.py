"""A till in a shop with reward systems: what customers have collected and been given, read back as plain values."""

from collections.abc import Sequence
from typing import Any

import pytest

from regulars_core.plugin import RuleData, Window
from regulars_rewards.progress.reads import LATEST_FIRST, pages_of_entries, progress_of
from regulars_rewards.progress.verification import differences
from regulars_rewards.systems.changes import SystemDraft, create_system
from regulars_rewards.systems.system import BandData, SystemData
from tests.rewards.conftest import OpenRewards
from tests.rewards.sales.conftest import Till


def rule_data(kind: str, **settings: object) -> RuleData:
    """A rule as it is kept."""
    return RuleData(kind=kind, settings=tuple((name, str(value)) for name, value in settings.items()))


def bands(*edges: tuple[int, int | None, int]) -> tuple[BandData, ...]:
    """Bands by their edges in minor units, and progress."""
    return tuple(BandData(since=since, until=until, progress=progress) for since, until, progress in edges)


ONE_A_UNIT = tuple((n * 1_000, (n + 1) * 1_000, n) for n in range(1, 41))
"""10.00 is one of progress: up to 400.00."""


class Club:
    """A shop with reward systems, its till, and what customers have."""

    def __init__(self, till: Till) -> None:
        self.till, self.shop = till, till.shop
        self.promotion = ""
        self.system = ""

    async def opens(self, **data: Any) -> str:
        """Make a reward system, by default of purchases by their size that gives coupons; its key."""
        if not self.promotion:
            self.promotion = await self.till.promotion("Reward", needsCoupon=True)
        given: dict[str, Any] = {
            "trigger": rule_data("PURCHASE"),
            "reward": rule_data("COUPON", promotion=self.promotion),
            "target": 100,
            **data,
        }
        if "bands" not in data and given["trigger"].kind == "PURCHASE":
            given["bands"] = bands(*ONE_A_UNIT)
        name, is_shadow = given.pop("name", "Club"), given.pop("is_shadow", False)
        self.system = await create_system(self.shop, SystemDraft(name, SystemData(**given), is_shadow))
        return self.system

    async def buys(self, customer: str, amount: str, **more: Any) -> dict[str, Any]:
        """Sell something for an amount; the purchase."""
        lines = more.pop("lines", [{"sku": "TEA", "name": "Tea", "unitPrice": amount}])
        return await self.till.sold(customerId=customer, lines=lines, **more)

    async def has(self, customer: str, system: str | None = None) -> tuple[int, int]:
        """How much progress a customer has, and how many rewards live."""
        key = customer.partition("_")[2]
        for one in (await progress_of(self.shop, [key]))[key]:
            if one.system_id == (system or self.system):
                return one.progress, one.issued
        return 0, 0

    async def entries(self, customer: str, system: str | None = None) -> list[tuple[str, int, int]]:
        """Cause, delta and progress after of each entry, the first one first."""
        key = customer.partition("_")[2]
        found = (await progress_of(self.shop, [key]))[key]
        ids = [one.id for one in found if one.system_id == (system or self.system) and one.id]
        window = Window.of(LATEST_FIRST, 100, None, None, None)
        pages = await pages_of_entries(self.shop.database, ids, window)
        return [(one.cause, one.delta, one.progress_after) for page in pages for one in reversed(page.nodes)]

    async def coupons(self, customer: str) -> list[tuple[str, str]]:
        """Code and state of each coupon of a customer, the first one first."""
        asked = "query($id: ID!) { customer(id: $id) { coupons(first: 50) { nodes { code state } } } }"
        found = (await self.till.office.data(asked, id=customer))["customer"]["coupons"]["nodes"]
        return [(one["code"], one["state"]) for one in reversed(found)]

    async def states(self, customer: str) -> list[str]:
        """The states of the coupons of a customer, the first one first."""
        return [state for _, state in await self.coupons(customer)]

    async def gives_back(self, purchase: dict[str, Any], amount: str | None = None) -> None:
        """Give a purchase back, or an amount of it."""
        given: dict[str, Any] = {"purchaseId": purchase["id"], "idempotencyKey": f"G{next(self.till.numbers)}"}
        if amount is None:
            given["lines"] = [{"lineId": line["id"], "quantity": "1"} for line in purchase["lines"]]
        else:
            given["amount"] = amount
        await self.till.office.done("purchaseRefund", "refund { id }", given)

    async def voids(self, purchase: dict[str, Any]) -> None:
        """Void a purchase."""
        await self.till.office.done("purchaseVoid", "purchase { status }", {"purchaseId": purchase["id"]})

    async def moves(self, customer: str | None, *purchases: dict[str, Any]) -> None:
        """Give purchases to another customer."""
        to = {"toNobody": True} if customer is None else {"customerId": customer}
        given = {"purchaseIds": [one["id"] for one in purchases], **to}
        await self.till.office.done("purchasesReassign", "movedCount", given)

    async def wrong(self) -> Sequence[str]:
        """What of progress is not what entries, earnings and rewards give."""
        return [one async for one in differences(self.shop)]


@pytest.fixture
async def club(open_rewards: OpenRewards) -> Club:
    """A shop that sells in USD, by UTC."""
    return Club(Till(await open_rewards()))
