"""Which kinds of criteria there are: those of the box, and those of the plugins that are on."""

from collections.abc import Mapping

from regulars_core.plugin import Owners, Plugins
from regulars_tiers.rules.criteria import BOX, CriterionKind


def criterion_kinds(plugins: Plugins) -> Mapping[str, CriterionKind]:
    """All kinds by name. Raises PluginError where two have one name."""
    declared = plugins.declared("tiers_criteria") if "tiers" in plugins.names else {}
    owners, by_name = Owners(), {}
    for owner, kinds in {"tiers": BOX, **declared}.items():
        for kind in kinds:
            owners.claim(kind.kind, owner, f"The criterion {kind.kind}")
            by_name[kind.kind] = kind
    return by_name
