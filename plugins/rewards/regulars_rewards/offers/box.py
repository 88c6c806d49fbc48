"""The kinds of conditions and of discounts that are always there."""

from collections.abc import Sequence

from regulars_core.plugin import RuleKind
from regulars_rewards.offers.conditions import CONDITIONS
from regulars_rewards.offers.discounts import FLAT, PERCENT, TIERED
from regulars_rewards.offers.piece_discounts import BUY_GET, FIXED_PRICE, FREE_ITEM

BOX: Sequence[RuleKind] = (*CONDITIONS, PERCENT, FLAT, FREE_ITEM, BUY_GET, TIERED, FIXED_PRICE)
