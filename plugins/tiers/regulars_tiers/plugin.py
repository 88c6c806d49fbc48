"""Everything of tiers that another plugin may use."""

from regulars_tiers.reads import lookup_shown_tiers, shown_tiers, shown_tiers_from
from regulars_tiers.recalculation import Change
from regulars_tiers.rules.criteria import CriterionKind, Unit

__all__ = ["Change", "CriterionKind", "Unit", "lookup_shown_tiers", "shown_tiers", "shown_tiers_from"]
