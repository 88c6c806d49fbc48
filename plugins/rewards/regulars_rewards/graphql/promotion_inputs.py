"""Promotions as clients give them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import strawberry

from regulars_core.plugin import LATEST, Checks, Instant, RuleData, Shop, kept_rule
from regulars_rewards.graphql.promotions import OfferScopeMode
from regulars_rewards.offers.promotion import (
    MAX_CONDITIONS,
    MAX_PRIORITY,
    MAX_SCOPE,
    PromotionData,
    ScopeData,
    ScopeMode,
)
from regulars_rewards.promotions.changes import PromotionDraft
from regulars_rewards.promotions.stored import CONDITION, DISCOUNT
from regulars_schema.plugin import (
    CustomerWhere,
    IdempotentInput,
    MoneyInput,
    RuleInput,
    audience_of,
    key_of,
    minor_units,
    required_key,
    rule_in,
    value_or_none,
)

MAX_NAME, MAX_DESCRIPTION, MAX_GROUP, MAX_ARTICLE, MAX_STORES = 120, 2_000, 64, 120, 500


@strawberry.input(
    description="Which articles a promotion is about: those with one of the skus, brands or categories; at most 500 in all."
)
class OfferScopeInput:
    """Input form of OfferScope."""

    brands: strawberry.Maybe[list[str] | None] = strawberry.field(description="Brands, without regard to case.")
    categories: strawberry.Maybe[list[str] | None] = strawberry.field(description="Categories, without regard to case.")
    mode: strawberry.Maybe[OfferScopeMode | None] = strawberry.field(
        description="What the articles are for; APPLY_ONLY_TO if absent."
    )
    skus: strawberry.Maybe[list[str] | None] = strawberry.field(description="The shop's codes of articles.")


@strawberry.input(description="A promotion to make or to try.")
class PromotionInput:
    """Input form of Promotion."""

    audience: strawberry.Maybe[CustomerWhere | None] = strawberry.field(
        description="For whom it is, by any leaves; everybody if absent, strangers included. Over past purchases, leaves that do "
        "not answer for a past instant are looked at as of now."
    )
    best_of_group: strawberry.Maybe[str | None] = strawberry.field(
        description="A name that it shares with other promotions, at most 64 characters: of all that share it only the one that "
        "takes off most applies, and of equal ones the one of higher priority, then the older. It stands for itself if absent."
    )
    budget: strawberry.Maybe[MoneyInput | None] = strawberry.field(
        description="How much it may take off in all, above 0: a use that would pass it takes nothing off. As much as it comes "
        "to if absent."
    )
    conditions: strawberry.Maybe[list[RuleInput] | None] = strawberry.field(
        description="What else must hold, all of it: rules of the use `OFFER_CONDITION`; at most 10, and none are needed."
    )
    description: strawberry.Maybe[str | None] = strawberry.field(
        description="What the team should know; at most 2000 characters."
    )
    discount_rule: RuleInput = strawberry.field(description="What is taken off: a rule of the use `OFFER_DISCOUNT`.")
    ends_at: strawberry.Maybe[Instant | None] = strawberry.field(description="When it ends; never if absent.")
    excludes_reduced: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether lines with a discount by hand are left out of it; not if absent."
    )
    is_exclusive: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether nothing else applies beside it; not if absent."
    )
    is_reusable_after_cancel: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether its coupons can be used again after the purchase was wholly given back; so if absent."
    )
    is_stackable: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether another coupon may be used beside one of it; so if absent."
    )
    name: str = strawberry.field(description="What customers are shown; at most 120 characters.")
    needs_coupon: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether it applies only by a coupon; not if absent. It stays so."
    )
    per_customer_limit: strawberry.Maybe[int | None] = strawberry.field(
        description="How often one customer may use it, 1 or more; as often as they like if absent."
    )
    priority: strawberry.Maybe[int | None] = strawberry.field(
        description="Higher ones apply first, -1000 to 1000; 0 if absent."
    )
    scope: strawberry.Maybe[OfferScopeInput | None] = strawberry.field(
        description="What it is about; everything if absent."
    )
    starts_at: strawberry.Maybe[Instant | None] = strawberry.field(description="When it starts; now if absent.")
    store_ids: strawberry.Maybe[list[strawberry.ID] | None] = strawberry.field(
        description="Where it applies, by id; everywhere if absent."
    )
    total_limit: strawberry.Maybe[int | None] = strawberry.field(
        description="How often it may be used in all, 1 or more; as often as anybody likes if absent."
    )


@strawberry.input(description="Changes of a promotion; what is absent stays, null clears.")
class PromotionUpdateInput(IdempotentInput):
    """Input of promotionUpdate."""

    audience: strawberry.Maybe[CustomerWhere | None] = strawberry.field(
        description="For whom it is, by any leaves; null is everybody."
    )
    best_of_group: strawberry.Maybe[str | None] = strawberry.field(
        description="A name that it shares with other promotions, at most 64 characters: of all that share it only the one that "
        "takes off most applies; null is none."
    )
    budget: strawberry.Maybe[MoneyInput | None] = strawberry.field(
        description="How much it may take off in all, what is used counted; null is as much as it comes to."
    )
    conditions: strawberry.Maybe[list[RuleInput] | None] = strawberry.field(
        description="What else must hold; replaces all conditions."
    )
    description: strawberry.Maybe[str | None] = strawberry.field(
        description="What the team should know; at most 2000 characters."
    )
    discount_rule: strawberry.Maybe[RuleInput | None] = strawberry.field(description="What is taken off.")
    ends_at: strawberry.Maybe[Instant | None] = strawberry.field(description="When it ends; null is never.")
    excludes_reduced: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether lines with a discount by hand are left out of it."
    )
    id: strawberry.ID = strawberry.field(description="The promotion to change.")
    idempotency_key: str = required_key("coupons are at stake")  # type: ignore[assignment]
    is_exclusive: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether nothing else applies beside it."
    )
    is_reusable_after_cancel: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether its coupons can be used again after the purchase was wholly given back."
    )
    is_stackable: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether another coupon may be used beside one of it."
    )
    name: strawberry.Maybe[str | None] = strawberry.field(
        description="What customers are shown; at most 120 characters."
    )
    per_customer_limit: strawberry.Maybe[int | None] = strawberry.field(
        description="How often one customer may use it; null is as often as they like."
    )
    priority: strawberry.Maybe[int | None] = strawberry.field(description="Higher ones apply first, -1000 to 1000.")
    scope: strawberry.Maybe[OfferScopeInput | None] = strawberry.field(
        description="What it is about; null is everything."
    )
    starts_at: strawberry.Maybe[Instant | None] = strawberry.field(
        description="When it starts; can no longer be changed once it has started."
    )
    store_ids: strawberry.Maybe[list[strawberry.ID] | None] = strawberry.field(
        description="Where it applies, by id; null is everywhere."
    )
    total_limit: strawberry.Maybe[int | None] = strawberry.field(
        description="How often it may be used in all; null is as often as anybody likes."
    )


async def draft_of(shop: Shop, given: PromotionInput) -> PromotionDraft:
    """The promotion. Raises Malformed with everything that is wrong with it, each at its place under `promotion`."""
    checks = Checks("promotion")
    name = checks.text(given.name, "name", MAX_NAME, required=True)
    discount = await _rule(shop, DISCOUNT, given.discount_rule, checks, "discountRule")
    draft, data = await _changes(shop, given, checks)
    checks.refuse()
    assert name is not None
    assert discount is not None
    made = PromotionDraft(
        name, 0, bool(value_or_none(given.needs_coupon)), None, LATEST, PromotionData(discount=discount, **data)
    )
    return replace(made, **draft)


async def change_of(shop: Shop, given: PromotionUpdateInput) -> Callable[[PromotionDraft], PromotionDraft]:
    """What the input makes of a promotion. Raises Malformed with everything that is wrong with it."""
    checks = Checks()
    draft, data = await _changes(shop, given, checks)
    if given.name is not None:
        draft["name"] = checks.text(given.name.value or "", "name", MAX_NAME, required=True)
    if given.discount_rule is not None:
        if given.discount_rule.value is None:
            checks.fail("REQUIRED", "A promotion takes something off.", "discountRule")
        else:
            data["discount"] = await _rule(shop, DISCOUNT, given.discount_rule.value, checks, "discountRule")
    checks.refuse()
    return lambda before: replace(before, **draft, data=before.data.model_copy(update=data))


_PLAIN = {
    "excludes_reduced": ("excludes_reduced", False),
    "is_exclusive": ("is_exclusive", False),
    "is_reusable_after_cancel": ("is_reusable", True),
    "is_stackable": ("is_stackable", True),
}
"""Flags by their names in inputs: what they are called in the data, and what they are if null is given."""


async def _changes(
    shop: Shop, given: PromotionInput | PromotionUpdateInput, checks: Checks
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is given of a promotion beside its name and discount: for the draft, and for its data. What is absent is missing."""
    data = {**_flags(given), **_limits(shop, given, checks), **_for_whom(shop, given, checks)}
    if given.conditions is not None:
        data["conditions"] = await _conditions(shop, given.conditions.value or [], checks)
    return _columns(given, checks), data


def _columns(given: PromotionInput | PromotionUpdateInput, checks: Checks) -> dict[str, Any]:
    draft = dict[str, Any]()
    if given.priority is not None:
        draft["priority"] = _priority(given.priority.value or 0, checks)
    if given.description is not None:
        draft["description"] = checks.prose(given.description.value, "description", MAX_DESCRIPTION)
    if given.starts_at is not None:
        draft["starts_at"] = given.starts_at.value
    if given.ends_at is not None:
        draft["ends_at"] = LATEST if given.ends_at.value is None else given.ends_at.value
    return draft


def _flags(given: PromotionInput | PromotionUpdateInput) -> dict[str, Any]:
    flags = ((kept, default, getattr(given, name)) for name, (kept, default) in _PLAIN.items())
    return {kept: default if flag.value is None else flag.value for kept, default, flag in flags if flag is not None}


def _limits(shop: Shop, given: PromotionInput | PromotionUpdateInput, checks: Checks) -> dict[str, Any]:
    data = dict[str, Any]()
    for name, kept in (("total_limit", "totalLimit"), ("per_customer_limit", "perCustomerLimit")):
        if (limit := getattr(given, name)) is not None:
            data[name] = _limit(limit.value, checks, kept)
    if given.budget is not None:
        budget = given.budget.value
        data["budget"] = None if budget is None else minor_units(budget, shop.currency, checks, "budget")
    return data


def _for_whom(shop: Shop, given: PromotionInput | PromotionUpdateInput, checks: Checks) -> dict[str, Any]:
    """About what, where, for whom, and beside which others."""
    data = dict[str, Any]()
    if given.best_of_group is not None:
        data["best_of_group"] = checks.text(given.best_of_group.value, "bestOfGroup", MAX_GROUP)
    if given.store_ids is not None:
        data["store_ids"] = _stores(given.store_ids.value, checks)
    if given.scope is not None:
        data["scope"] = None if given.scope.value is None else _scope(given.scope.value, checks.nested("scope"))
    if given.audience is not None:
        audience = audience_of(value_or_none(given.audience), shop, checks, "audience", any_leaf=True)
        data["audience"] = dict(audience) if audience else None
    return data


async def _rule(shop: Shop, use: str, given: RuleInput, checks: Checks, *path: str) -> RuleData | None:
    rule = await rule_in(shop, use, given, checks, *path)
    return None if rule is None else kept_rule(shop, rule)


async def _conditions(shop: Shop, given: list[RuleInput], checks: Checks) -> tuple[RuleData | None, ...]:
    if len(given) > MAX_CONDITIONS:
        checks.fail("TOO_MANY", f"At most {MAX_CONDITIONS} conditions; {len(given)} were given.", "conditions")
        return ()
    return tuple([await _rule(shop, CONDITION, one, checks, "conditions", str(n)) for n, one in enumerate(given)])


def _priority(given: int, checks: Checks) -> int:
    if not -MAX_PRIORITY <= given <= MAX_PRIORITY:
        checks.fail("OUT_OF_RANGE", f"This is {-MAX_PRIORITY} to {MAX_PRIORITY}.", "priority")
    return given


def _limit(given: int | None, checks: Checks, name: str) -> int | None:
    if given is not None and given < 1:
        checks.fail("OUT_OF_RANGE", "A limit is 1 or more; leave it out for none.", name)
    return given


def _stores(given: list[strawberry.ID] | None, checks: Checks) -> tuple[str, ...] | None:
    if given is None:
        return None
    if not given:
        checks.fail("REQUIRED", "Name a store, or leave it out for everywhere.", "storeIds")
    if len(given) > MAX_STORES:
        checks.fail("TOO_MANY", f"At most {MAX_STORES} stores; {len(given)} were given.", "storeIds")
        return None
    keys = (key_of(one, "store", "storeIds", str(n)) for n, one in enumerate(given))
    return tuple(dict.fromkeys(keys))


def _scope(given: OfferScopeInput, checks: Checks) -> ScopeData:
    named = {
        name: value_or_none(maybe) or []
        for name, maybe in (("skus", given.skus), ("brands", given.brands), ("categories", given.categories))
    }
    count = sum(map(len, named.values()))
    if count > MAX_SCOPE:
        checks.fail("TOO_MANY", f"At most {MAX_SCOPE} articles, brands and categories; {count} were given.")
        return ScopeData()
    if count == 0:
        checks.fail("REQUIRED", "Name an article, a brand or a category, or leave it out for everything.")
    kept = {name: tuple(dict.fromkeys(_articles(texts, checks.nested(name)))) for name, texts in named.items()}
    return ScopeData(mode=ScopeMode(value_or_none(given.mode) or ScopeMode.APPLY_ONLY_TO), **kept)


def _articles(texts: list[str], checks: Checks) -> list[str]:
    return [checks.text(one, str(n), MAX_ARTICLE, required=True) or "" for n, one in enumerate(texts)]
