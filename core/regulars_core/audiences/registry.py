"""All leaves of audiences that core and the plugins that are on bring."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regulars_core.audiences.leaves import AudienceFacts, AudienceLeaf
from regulars_core.audiences.trees import TREE
from regulars_core.plugins.host import Plugins
from regulars_core.plugins.owners import Owners, PluginError
from regulars_core.shop.shop import Shop

_NAME = re.compile(r"[a-z][A-Za-z0-9]{0,59}", re.ASCII)


@dataclass(frozen=True)
class AudienceLeaves:
    """Leaves by name, and who brings each."""

    by_name: Mapping[str, AudienceLeaf]
    owners: Mapping[str, str]

    @classmethod
    def of(cls, plugins: Plugins) -> "AudienceLeaves":
        """Core's, and those of the plugins that are on. Raises PluginError where two have one name, and for what is no leaf."""
        claims, by_name, owners = Owners(), dict[str, AudienceLeaf](), dict[str, str]()
        for owner, leaves in plugins.declared("regulars_audiences").items():
            for leaf in _listed(leaves, owner):
                claims.claim(leaf.name, owner, f"The audience leaf {leaf.name}")
                by_name[leaf.name], owners[leaf.name] = leaf, owner
        return cls(by_name, owners)


def audience_leaves(shop: Shop) -> AudienceLeaves:
    """All leaves of the plugins that are on in a shop: found once. Raises PluginError."""
    leaves: AudienceLeaves | None = shop.memory.get(AudienceLeaves)
    if leaves is None:
        leaves = shop.memory[AudienceLeaves] = AudienceLeaves.of(shop.plugins)
    return leaves


def has_past(shop: Shop, name: str, comparison: Any) -> bool:
    """Whether a leaf answers for a past instant with this comparison."""
    leaf = audience_leaves(shop).by_name.get(name)
    return leaf is not None and not (
        isinstance(comparison, Mapping) and any(part in comparison for part in leaf.refuses)
    )


def _listed(leaves: Any, owner: str) -> Sequence[AudienceLeaf]:
    if isinstance(leaves, Sequence) and all(map(_is_leaf, leaves)):
        return leaves
    raise PluginError(
        f"The plugin '{owner}' must answer regulars_audiences with AudienceLeafs, each named as its leaf of CustomerWhere."
    )


def _is_leaf(leaf: Any) -> bool:
    return (
        isinstance(leaf, AudienceLeaf)
        and isinstance(leaf.facts, AudienceFacts)
        and isinstance(leaf.name, str)
        and _NAME.fullmatch(leaf.name) is not None
        and leaf.name not in TREE
    )
