"""Everything of tiers that another plugin may use."""

from regulars_tiers.benefits import (
    NotLookedUp,
    Sale,
    multiplier_lookups,
    multipliers,
    read_found,
    read_multipliers,
    unchanged,
)
from regulars_tiers.moments import Change, changed_after, shown_changes
from regulars_tiers.reads import lookup_shown_tiers, shown_tiers, shown_tiers_from, tiers_of
from regulars_tiers.rules.criteria import CriterionKind, Unit

__all__ = [
    "Change",
    "CriterionKind",
    "NotLookedUp",
    "Sale",
    "Unit",
    "changed_after",
    "lookup_shown_tiers",
    "multiplier_lookups",
    "multipliers",
    "read_found",
    "read_multipliers",
    "shown_changes",
    "shown_tiers",
    "shown_tiers_from",
    "tiers_of",
    "unchanged",
]
