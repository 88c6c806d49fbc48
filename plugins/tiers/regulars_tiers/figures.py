"""Tiers as figures are told by them: which there are, who has which, and who left one for another; by what is known now."""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from regulars_core.plugin import Division, Instant, Part, Shop, Values, now
from regulars_tiers.policy_versions import versions_of
from regulars_tiers.reads import DURING, LOWEST, LOWEST_AT
from regulars_tiers.rules.policy import Tier


class Ladder:
    """What the hook `analytics_tiers` answers."""

    async def ranks(self, shop: Shop, moments: Sequence[Instant]) -> Sequence[Sequence[Tier]]:
        """The tiers of the policy in force at each of these instants, the highest first."""
        versions = await versions_of(shop)
        return [list(reversed(versions.at(at).policy.tiers)) for at in moments]

    def rank_at(self, at: Instant, values: Values) -> str:
        """The code of the tier of a `customer c`; null of who has never had any but the lowest."""
        during = DURING.format(at=values.bind(at))
        return f"(SELECT sp.tier FROM tier_spell sp WHERE sp.customer_id = c.id AND {during})"

    def moves(self, first: Instant, before: Instant, values: Values) -> str:
        """The SELECT of who left which tier, and whether for a higher one."""
        return (
            "SELECT a.customer_id, a.tier, CASE WHEN b.position > a.position THEN 1 ELSE 0 END AS up FROM tier_spell b"
            " JOIN tier_spell a ON a.customer_id = b.customer_id AND a.ends = b.begins WHERE a.position <> b.position"
            f" AND b.begins >= {values.bind(first)} AND b.begins < {values.bind(before)}"
        )


def _code(values: Values, _: ZoneInfo) -> str:
    """The code of the tier of a `customer c` now; null where there is no customer."""
    at = values.bind(now())
    lowest = LOWEST_AT.format(at=at, lowest=values.bind(LOWEST))
    spell = f"SELECT sp.tier FROM tier_spell sp WHERE sp.customer_id = c.id AND {DURING.format(at=at)}"
    return f"CASE WHEN c.id IS NOT NULL THEN coalesce(({spell}), {lowest}) END"


async def _names(shop: Shop, codes: Sequence[Any]) -> Mapping[Any, str]:
    versions = await versions_of(shop)
    return {tier.code: tier.name for version in versions.all for tier in version.policy.tiers if tier.code in codes}


BY_TIER = Division(Part.CUSTOMER, _code, labels=_names)
"""By customers' tier now."""
