"""Which kinds of criteria there are: those of the box, and those of the plugins that are on."""

from collections.abc import Mapping

from regulars_core.plugin import Plugins, RuleKinds, Shop, rule_kinds
from regulars_tiers.rules.criteria import CriterionKind


def criterion_kinds(plugins: Plugins) -> Mapping[str, CriterionKind]:
    """All kinds by name. Raises PluginError where two have one name, and for one that is no criterion."""
    return _criteria(RuleKinds.of(plugins))


def kinds_of(shop: Shop) -> Mapping[str, CriterionKind]:
    """The kinds that are on in a shop, by name: found once."""
    kinds: Mapping[str, CriterionKind] | None = shop.memory.get(CriterionKind)
    if kinds is None:
        kinds = shop.memory[CriterionKind] = _criteria(rule_kinds(shop))
    return kinds


def owner_of(shop: Shop, metric: str) -> str | None:
    """The plugin that is on and brings a metric."""
    return rule_kinds(shop).owners.get((CriterionKind.use, metric))


def _criteria(kinds: RuleKinds) -> Mapping[str, CriterionKind]:
    """Kinds of one use are of one class, and the box has some."""
    return {name: kind for name, kind in kinds.for_use(CriterionKind.use).items() if isinstance(kind, CriterionKind)}
