"""The kinds of conditions and of discounts that are always there."""

from collections.abc import Sequence

from regulars_core.plugin import RuleKind
from regulars_rewards.offers.conditions import CONDITIONS
from regulars_rewards.offers.discounts import DISCOUNTS

BOX: Sequence[RuleKind] = (*CONDITIONS, *DISCOUNTS)
