"""Reward systems as clients give them."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import strawberry

from regulars_core.plugin import (
    LATEST,
    BadInput,
    Checks,
    Instant,
    RewardKind,
    RuleData,
    Shop,
    exponent_of,
    kept_rule,
    to_minor,
)
from regulars_rewards.coupons.rewards import CouponReward
from regulars_rewards.graphql.systems import RewardMode
from regulars_rewards.promotions.stored import promotions_by_ids
from regulars_rewards.systems.changes import MAX_NAME, SystemDraft
from regulars_rewards.systems.system import BandData, SystemData
from regulars_rewards.triggers import bands
from regulars_rewards.triggers.bands import MAX_BANDS
from regulars_rewards.triggers.kinds import RewardTriggerKind
from regulars_schema.plugin import (
    CustomerWhere,
    IdempotentInput,
    RuleInput,
    audience_of,
    key_of,
    required_key,
    rule_in,
    value_or_none,
)

AT_STAKE = "coupons are at stake"
_PAST = (
    "`tier`, `group`, `age`, `birthday`, `createdAt`, `hasConsent`, `firstPurchaseAt`, `lastPurchaseAt`, `purchaseCount`, "
    "`totalSpent`, `originStore`"
)


@strawberry.input(description="How much progress a purchase of some size is worth.")
class RewardBandInput:
    """Input form of RewardBand."""

    from_: Decimal = strawberry.field(name="from", description="The lower edge, in the shop's currency; 0 or more.")
    progress: int = strawberry.field(description="How much progress, 1 to 1000000.")
    to: strawberry.Maybe[Decimal | None] = strawberry.field(description="The upper edge; open if absent.")


@strawberry.input(description="A reward system to make or to try.")
class RewardSystemInput:
    """Input form of RewardSystem."""

    audience: strawberry.Maybe[CustomerWhere | None] = strawberry.field(
        description="For whom it counts, as of each purchase; everybody if absent. Only leaves that answer for a past instant: "
        f"{_PAST}."
    )
    bands: strawberry.Maybe[list[RewardBandInput] | None] = strawberry.field(
        description=f"How much progress a purchase is worth by its size, at most {MAX_BANDS}; for the trigger `PURCHASE`, and "
        "only there."
    )
    ends_at: strawberry.Maybe[Instant | None] = strawberry.field(description="When it ends; never if absent.")
    is_enabled: strawberry.Maybe[bool | None] = strawberry.field(description="Whether progress collects; so if absent.")
    mode: strawberry.Maybe[RewardMode | None] = strawberry.field(
        description="How bands and targets are read; STANDARD if absent. It stays so."
    )
    name: str = strawberry.field(description=f"What people call it; unique, at most {MAX_NAME} characters.")
    reward: RuleInput = strawberry.field(description="What is given at the target: a rule of the use `REWARD`.")
    starts_at: strawberry.Maybe[Instant | None] = strawberry.field(description="When it starts; now if absent.")
    target: strawberry.Maybe[int | None] = strawberry.field(
        description="How much progress gives one reward, 1 to 1000000; 1 if absent."
    )
    trigger_rule: RuleInput = strawberry.field(description="What brings progress: a rule of the use `REWARD_TRIGGER`.")


@strawberry.input(description="Changes of a reward system; what is absent stays, null clears.")
class RewardSystemUpdateInput(IdempotentInput):
    """Input of rewardSystemUpdate."""

    audience: strawberry.Maybe[CustomerWhere | None] = strawberry.field(
        description="For whom it counts, by leaves that answer for a past instant; null is everybody."
    )
    bands: strawberry.Maybe[list[RewardBandInput] | None] = strawberry.field(
        description="How much progress a purchase is worth by its size; replaces all bands."
    )
    ends_at: strawberry.Maybe[Instant | None] = strawberry.field(description="When it ends; null is never.")
    id: strawberry.ID = strawberry.field(description="The reward system to change.")
    idempotency_key: str = required_key(AT_STAKE)  # type: ignore[assignment]
    is_enabled: strawberry.Maybe[bool | None] = strawberry.field(description="Whether progress collects.")
    name: strawberry.Maybe[str | None] = strawberry.field(
        description=f"What people call it; unique, at most {MAX_NAME} characters."
    )
    reward: strawberry.Maybe[RuleInput | None] = strawberry.field(description="What is given at the target.")
    starts_at: strawberry.Maybe[Instant | None] = strawberry.field(
        description="When it starts; can no longer be changed once it has started."
    )
    target: strawberry.Maybe[int | None] = strawberry.field(
        description="How much progress gives one reward, 1 to 1000000."
    )
    trigger_rule: strawberry.Maybe[RuleInput | None] = strawberry.field(description="What brings progress.")


async def draft_of(shop: Shop, given: RewardSystemInput) -> SystemDraft:
    """The reward system. Raises Malformed with everything that is wrong with it, each at its place under `rewardSystem`."""
    checks = Checks("rewardSystem")
    name = checks.text(given.name, "name", MAX_NAME, required=True)
    trigger = await _rule(shop, RewardTriggerKind.use, given.trigger_rule, checks, "triggerRule")
    reward = await _rule(shop, RewardKind.use, given.reward, checks, "reward")
    data = _changes(shop, given, checks)
    checks.refuse()
    assert name is not None
    assert trigger is not None
    assert reward is not None
    mode = value_or_none(given.mode) or bands.RewardMode.STANDARD
    return SystemDraft(name, SystemData(trigger=trigger, reward=reward, mode=bands.RewardMode(mode), **data))


async def change_of(shop: Shop, given: RewardSystemUpdateInput) -> Callable[[SystemDraft], SystemDraft]:
    """What the input makes of a reward system. Raises Malformed with everything that is wrong with it."""
    checks, name = Checks(), None
    data = _changes(shop, given, checks)
    if given.name is not None:
        name = checks.text(given.name.value or "", "name", MAX_NAME, required=True)
    for kept, use, path, maybe in (
        ("trigger", RewardTriggerKind.use, "triggerRule", given.trigger_rule),
        ("reward", RewardKind.use, "reward", given.reward),
    ):
        if maybe is None:
            continue
        if maybe.value is None:
            checks.fail("REQUIRED", "A reward system has this rule.", path)
        else:
            data[kept] = await _rule(shop, use, maybe.value, checks, path)
    checks.refuse()
    return lambda before: replace(before, name=name or before.name, data=before.data.model_copy(update=data))


def _changes(shop: Shop, given: RewardSystemInput | RewardSystemUpdateInput, checks: Checks) -> dict[str, Any]:
    """What is given of a reward system beside its name, mode and rules. What is absent is missing."""
    data = dict[str, Any]()
    if given.audience is not None:
        audience = audience_of(value_or_none(given.audience), shop, checks, "audience")
        data["audience"] = dict(audience) if audience else None
    if given.bands is not None:
        data["bands"] = _bands(shop, given.bands.value or [], checks)
    if given.is_enabled is not None:
        data["is_enabled"] = given.is_enabled.value is not False
    if given.starts_at is not None:
        data["starts_at"] = given.starts_at.value
    if given.ends_at is not None:
        data["ends_at"] = LATEST if given.ends_at.value is None else given.ends_at.value
    if given.target is not None:
        data["target"] = 1 if given.target.value is None else given.target.value
    return data


def _bands(shop: Shop, given: list[RewardBandInput], checks: Checks) -> tuple[BandData, ...]:
    if len(given) > MAX_BANDS:
        checks.fail("TOO_MANY", f"At most {MAX_BANDS} bands; {len(given)} were given.", "bands")
        return ()
    found = []
    for n, one in enumerate(given):
        upper, told = value_or_none(one.to), checks.nested("bands", str(n))
        since = _edge(shop, one.from_, told, "from")
        until = None if upper is None else _edge(shop, upper, told, "to")
        found.append(BandData(since=since, until=until, progress=one.progress))
    return tuple(found)


def _edge(shop: Shop, given: Decimal, checks: Checks, name: str) -> int:
    minor = to_minor(given, shop.currency)
    if minor is None:
        decimals = exponent_of(shop.currency)
        checks.fail("INVALID_AMOUNT", f"This is no amount in {shop.currency}, which has {decimals} decimals.", name)
    return minor or 0


async def _rule(shop: Shop, use: str, given: RuleInput, checks: Checks, path: str) -> RuleData | None:
    rule = await rule_in(shop, use, given, checks, path)
    if rule is None:
        return None
    if isinstance(rule.settings, CouponReward) and not await _opens(shop, rule.settings.promotion):
        place = [one.name for one in value_or_none(given.settings) or ()].index("promotion")
        message = "There is no promotion with this id that needs a coupon."
        checks.fail("INVALID_RULE", message, path, "settings", str(place), "value")
    return kept_rule(shop, rule)


async def _opens(shop: Shop, promotion_id: str) -> bool:
    """Whether there are coupons of a promotion: one that nobody could ever have is a slip of whoever typed it."""
    try:
        key = key_of(promotion_id, "promotion")
    except BadInput:
        return False
    found = (await promotions_by_ids(shop.database, [key])).get(key)
    return found is not None and found.needs_coupon
