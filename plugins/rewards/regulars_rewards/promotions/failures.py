"""What is wrong with the rules of promotions that have not ended."""

from collections.abc import AsyncIterator, Iterator

from regulars_core.plugin import RuleData, Shop, UsableRule, first_broken
from regulars_rewards.offers.promotion import Promotion
from regulars_rewards.promotions.known import read_promotions


async def failures(shop: Shop) -> AsyncIterator[str]:
    """A sentence for each rule of a promotion that cannot be used, or breaks a law."""
    for promotion in (await read_promotions(shop)).promotions:
        for data, usable in _rules(promotion):
            if wrong := _wrong(usable):
                whose = f" of the plugin '{data.plugin}'" if data.plugin else ""
                yield f"promotion {promotion.name}: {data.kind}{whose} {wrong}"


def _rules(promotion: Promotion) -> Iterator[tuple[RuleData, UsableRule | None]]:
    data = promotion.data
    yield from zip((data.discount, *data.conditions), (promotion.discount, *promotion.conditions), strict=True)


def _wrong(rule: UsableRule | None) -> str | None:
    """What is wrong with a rule, in a few words."""
    if rule is None:
        return "cannot be used: its plugin is off, or no longer takes it; the promotion applies to nothing"
    law = first_broken(rule.kind, rule.settings)
    return f"breaks a law on purchases made at random: {law}" if law else None
