"""What comes round again by itself."""

from collections.abc import Sequence

from regulars_core.plugin import Job, Shop
from regulars_loyalty.chain.chaining import chain
from regulars_loyalty.chain.due import post_due
from regulars_loyalty.chain.expiring import tell_expiring
from regulars_loyalty.chain.seals import seal_if_due
from regulars_loyalty.chain.verification import verify_all
from regulars_loyalty.purchases.making_up import make_up
from regulars_loyalty.settings import LoyaltySettings


async def _due(shop: Shop) -> None:
    await post_due(shop)


async def _chain(shop: Shop) -> None:
    await chain(shop)
    await seal_if_due(shop, shop.settings.of(LoyaltySettings).seal_hours)


async def _expiring(shop: Shop) -> None:
    await tell_expiring(shop)


async def _verify(shop: Shop) -> None:
    await verify_all(shop)


async def _make_up(shop: Shop) -> None:
    async for _ in make_up(shop):
        pass


JOBS: Sequence[Job] = (
    Job("post-due-on-ledger", "Posts what expired, what holds kept, and debt that can be settled.", 60, _due),
    Job("chain-ledger", "Gives entries their places and hashes, and seals the ledger.", 60, _chain),
    Job("tell-expiring", "Tells plugins which credit and points expire soon.", 600, _expiring),
    Job("make-up-for-rules", "Gives what rules of points have failed to give, once they can.", 60, _make_up),
    Job("verify-ledger", "Verifies the ledger, for who asks whether it holds.", 86_400, _verify, 4 * 3_600),
)
