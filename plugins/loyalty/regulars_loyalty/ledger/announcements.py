"""Telling other plugins what was posted."""

from collections.abc import Sequence

from regulars_core.plugin import Instant, Shop
from regulars_loyalty.hookspecs import PostedEntry
from regulars_loyalty.ledger.book import Account, Transfer

POSTED = "loyalty_posted"


async def tell_posted(shop: Shop, posted: Sequence[tuple[Account, Transfer]], recorded_at: Instant) -> None:
    """Tell the plugins that listen of transfers, in the order of their accounts' entries. Raises what they raise."""
    if posted and shop.plugins.listens(POSTED):
        entries = [_entry(account, one, recorded_at) for account, one in posted]
        await shop.plugins.announce(POSTED, {"shop": shop, "entries": entries}, only=shop.told)


def _entry(account: Account, one: Transfer, recorded_at: Instant) -> PostedEntry:
    cause = one.cause
    return PostedEntry(
        one.id, account.customer_id, account.unit, one.kind, one.delta, one.balance_after, cause.at, recorded_at,
        cause.event_id, cause.event_kind, cause.actor, cause.store_id, cause.purchase_id, cause.refund_id,
        cause.reverses_id, cause.reason,
    )  # fmt: skip
