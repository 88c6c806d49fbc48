"""Making, changing and ending promotions.

Each bumps the revision, by which every process knows that what it remembers is out of date. It does so first: that row lets one
change follow the other. Then it locks the promotion, which sales hold in their writing statement as shared, and only then looks
at what is used of it. A sale that has decided by an older version finds another one, and decides again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from regulars_core.plugin import (
    Checks,
    Instant,
    Malformed,
    Problem,
    Refused,
    Shop,
    changed,
    hold_segments,
    lock,
    new_id,
    now,
    printed,
)
from regulars_rewards.offers.promotion import PromotionData
from regulars_rewards.promotions.limits import keep_limit
from regulars_rewards.promotions.stored import ENDED, SCHEDULED, data_of, phase_at, shown_end
from regulars_rewards.settings import RewardsSettings


@dataclass(frozen=True)
class PromotionDraft:
    """A promotion that somebody wants, checked but for what depends on the calendar and on what is there. `starts_at` None is
    now, and `ends_at` is LATEST for never."""

    name: str
    priority: int
    needs_coupon: bool
    starts_at: Instant | None
    ends_at: Instant
    data: PromotionData
    description: str | None = None


Change = Callable[[PromotionDraft], PromotionDraft]
"""What becomes of a promotion by a change, pure."""


async def create_promotion(shop: Shop, draft: PromotionDraft) -> str:
    """Make a promotion; its key. Raises Malformed with INVALID_DATE, and Refused with TOO_MANY and NOT_FOUND, behind
    `promotion`."""

    async def work() -> str:
        await _bump(shop)
        present = now()
        begins = present if draft.starts_at is None else draft.starts_at
        checks = Checks("promotion")
        if begins < present:
            checks.fail("INVALID_DATE", "A promotion begins now or later.", "startsAt")
        _check_end(checks, begins, draft.ends_at, present)
        await hold_segments(shop, {("audience",): draft.data.audience}, checks, any_leaf=True)
        checks.refuse()
        await _refuse_too_many(shop, present)
        await refuse_unknown_stores(shop, draft.data, ("promotion",))
        id_ = new_id()
        await shop.database.run(
            "INSERT INTO rewards_promotion (id, version, created_at, updated_at, name, description, rank, needs_coupon,"
            " starts_at, ends_at, body) VALUES ($1, 1, $2, $2, $3, $4, $5, $6, $7, $8, $9)",
            id_, present, *_columns(draft, begins),
        )  # fmt: skip
        await keep_limit(shop, id_, None, draft.data)
        return id_

    return await shop.database.transaction(work)


async def change_promotion(shop: Shop, id_: str, change: Change) -> None:
    """Change a promotion from now on. One that is left as it is keeps its version. Raises Refused with NOT_FOUND and
    PROMOTION_ENDED, and Malformed with INVALID_DATE."""

    async def work() -> None:
        await _bump(shop)
        before, version = await _locked(shop, id_)
        present, begun = now(), before.starts_at or Instant(0)
        if phase_at(begun, before.ends_at, present) == ENDED:
            raise Refused(Problem("PROMOTION_ENDED", "This promotion has ended.", ("id",)))
        after, checks = change(before), Checks()
        begins = present if after.starts_at is None else after.starts_at
        if begins != begun:
            if phase_at(begun, before.ends_at, present) != SCHEDULED:
                checks.fail("INVALID_DATE", "It has started, and when it did stays so.", "startsAt")
            elif begins < present:
                checks.fail("INVALID_DATE", "A promotion begins now or later.", "startsAt")
        if after.ends_at != before.ends_at or begins != begun:
            _check_end(checks, begins, after.ends_at, present)
        await hold_segments(shop, {("audience",): after.data.audience}, checks, any_leaf=True)
        checks.refuse()
        after = replace(after, starts_at=begins)
        if after == before:
            changed({})
            await _unbump(shop)
            return
        if after.data.store_ids != before.data.store_ids:
            await refuse_unknown_stores(shop, after.data, ())
        await shop.database.run(
            "UPDATE rewards_promotion SET version = $2, updated_at = $3, name = $4, description = $5, rank = $6,"
            " needs_coupon = $7, starts_at = $8, ends_at = $9, body = $10 WHERE id = $1",
            id_, version + 1, present, *_columns(after, begins),
        )  # fmt: skip
        await keep_limit(shop, id_, before.data, after.data)
        changed(_told(before, after))

    await shop.database.transaction(work)


async def end_promotion(shop: Shop, id_: str) -> None:
    """End a promotion now; one that has ended stays so. Raises Refused with NOT_FOUND."""

    async def work() -> None:
        await _bump(shop)
        before, version = await _locked(shop, id_)
        present = now()
        if before.ends_at <= present:
            changed({})
            await _unbump(shop)
            return
        await shop.database.run(
            "UPDATE rewards_promotion SET version = $2, updated_at = $3, ends_at = $3 WHERE id = $1",
            id_, version + 1, present,
        )  # fmt: skip
        changed({"endsAt": (_printed(shown_end(before.ends_at)), printed(present))})

    await shop.database.transaction(work)


async def _bump(shop: Shop) -> None:
    await shop.database.run("UPDATE rewards_revision SET revision = revision + 1 WHERE id = 1")


async def _unbump(shop: Shop) -> None:
    """Nothing was changed: others may go on remembering. Nobody has seen the other number, which this transaction alone knows."""
    await shop.database.run("UPDATE rewards_revision SET revision = revision - 1 WHERE id = 1")


_KEPT = ("name", "description", "rank", "needs_coupon", "starts_at", "ends_at", "body", "version")


async def _locked(shop: Shop, id_: str) -> tuple[PromotionDraft, int]:
    """A promotion, of which nobody makes a use until the transaction ends, and its version."""
    rows = await lock(shop.database, "rewards_promotion", [id_], _KEPT)
    if not rows:
        raise Refused(Problem("NOT_FOUND", "There is no such promotion.", ("id",)))
    name, description, rank, needs_coupon, starts_at, ends_at, body, version = rows[0]
    draft = PromotionDraft(name, -rank, bool(needs_coupon), starts_at, ends_at, data_of(body), description)
    return draft, version


def _columns(draft: PromotionDraft, begins: Instant) -> tuple[Any, ...]:
    body = draft.data.model_dump_json()
    return (draft.name, draft.description, -draft.priority, draft.needs_coupon, begins, draft.ends_at, body)


def _check_end(checks: Checks, begins: Instant, ends: Instant, present: Instant) -> None:
    if ends <= begins:
        checks.fail("INVALID_DATE", "A promotion ends after it has begun.", "endsAt")
    elif ends <= present:
        checks.fail("INVALID_DATE", "A promotion ends later than now; `promotionEnd` ends it at once.", "endsAt")


async def _refuse_too_many(shop: Shop, present: Instant) -> None:
    settings = shop.settings.of(RewardsSettings)
    [(count,)] = await shop.database.rows("SELECT count(*) FROM rewards_promotion WHERE ends_at > $1", present)
    if count >= settings.max_running:
        message = (
            f"There are {count} promotions that have not ended, and at most {settings.max_running}; end some first."
        )
        raise Malformed(Problem("TOO_MANY", message, ("promotion",)))


async def refuse_unknown_stores(shop: Shop, data: PromotionData, path: tuple[str, ...]) -> None:
    """Raise Refused with NOT_FOUND, at `storeIds` behind the path, where a promotion names a store that there is not."""
    wanted = data.store_ids or ()
    if not wanted:
        return
    among = shop.database.dialect.among("id", 1)
    known = {row[0] for row in await shop.database.rows(f"SELECT id FROM store WHERE {among}", list(wanted))}
    problems = [
        Problem("NOT_FOUND", "There is no such store.", (*path, "storeIds", str(n)))
        for n, store in enumerate(wanted)
        if store not in known
    ]
    if problems:
        raise Refused(*problems)


def _told(before: PromotionDraft, after: PromotionDraft) -> Mapping[str, tuple[Any, Any] | None]:
    """What was changed, for the audit: names of fields as clients know them. An audience may compare what is personal."""
    old, new = _flat(before), _flat(after)
    different = [name for name in new if old[name] != new[name]]
    return {name: None if name == "audience" else (old[name], new[name]) for name in different}


_NAMES = {
    "discount": "discountRule", "store_ids": "storeIds", "best_of_group": "bestOfGroup",
    "total_limit": "totalLimit", "per_customer_limit": "perCustomerLimit", "excludes_reduced": "excludesReduced",
    "is_exclusive": "isExclusive", "is_reusable": "isReusableAfterCancel", "is_stackable": "isStackable",
}  # fmt: skip


def _flat(draft: PromotionDraft) -> Mapping[str, Any]:
    data = draft.data.model_dump(mode="json")
    own = {
        "name": draft.name, "description": draft.description, "priority": draft.priority,
        "startsAt": _printed(draft.starts_at), "endsAt": _printed(shown_end(draft.ends_at)),
    }  # fmt: skip
    return {**own, **{_NAMES.get(name, name): value for name, value in data.items()}}


def _printed(instant: Instant | None) -> str | None:
    return None if instant is None else printed(instant)
