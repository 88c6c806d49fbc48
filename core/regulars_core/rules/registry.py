"""All kinds of rules that the plugins that are on bring."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from pydantic import BaseModel

from regulars_core.plugins.host import Plugins
from regulars_core.plugins.owners import Owners, PluginError
from regulars_core.rules.kinds import Reads, RuleKind
from regulars_core.rules.settings import described
from regulars_core.shop.shop import Shop

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,59}", re.ASCII)


@dataclass(frozen=True)
class RuleKinds:
    """Kinds by use and name, and who brings each."""

    by_use: Mapping[str, Mapping[str, RuleKind]]
    owners: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def of(cls, plugins: Plugins) -> "RuleKinds":
        """Those of the plugins that are on. Raises PluginError where two of one use have one name or are of two classes, and for
        what is no kind or could not be used."""
        claims, owners = Owners(), dict[tuple[str, str], str]()
        by_use: dict[str, dict[str, RuleKind]] = {}
        classes: dict[str, tuple[type, str]] = {}
        for owner, kinds in plugins.declared("regulars_rules").items():
            for kind in _listed(kinds, owner):
                called = f"The rule kind {kind.use} {kind.name}"
                claims.claim((kind.use, kind.name), owner, called)
                if wrong := _wrong(kind):
                    raise PluginError(f"{called} of the plugin '{owner}' {wrong}.")
                own = _class_of_use(kind)
                known, first = classes.setdefault(kind.use, (own, owner))
                if known is not own:
                    raise PluginError(
                        f"{called} of the plugin '{owner}' must be a {known.__name__}, as those of '{first}'."
                    )
                owners[kind.use, kind.name] = owner
                by_use.setdefault(kind.use, {})[kind.name] = kind
        return cls(by_use, owners)

    def for_use(self, use: str) -> Mapping[str, RuleKind]:
        """The kinds of one use by name."""
        return self.by_use.get(use, {})

    def listed(self, use: str | None = None) -> Iterator[tuple[str, RuleKind]]:
        """Every kind, or those of one use, with its owner, by use and name."""
        for one in sorted(self.by_use):
            if use in {None, one}:
                for name, kind in sorted(self.by_use[one].items()):
                    yield self.owners[one, name], kind


def rule_kinds(shop: Shop) -> RuleKinds:
    """All kinds of the plugins that are on in a shop: found once. Raises PluginError."""
    kinds: RuleKinds | None = shop.memory.get(RuleKinds)
    if kinds is None:
        kinds = shop.memory[RuleKinds] = RuleKinds.of(shop.plugins)
    return kinds


def _listed(kinds: Any, owner: str) -> Sequence[RuleKind]:
    if isinstance(kinds, Sequence) and all(isinstance(kind, RuleKind) and kind.use for kind in kinds):
        return kinds
    raise PluginError(f"The plugin '{owner}' must answer regulars_rules with kinds of rules that have a use.")


def _wrong(kind: RuleKind) -> str | None:
    """Why a kind could not be used."""
    if not (_NAME.fullmatch(kind.use) and isinstance(kind.name, str) and _NAME.fullmatch(kind.name)):
        return "must have a use and a name of at most 60 capitals, digits and _"
    if not (isinstance(kind.description, str) and kind.description):
        return "must have a description"
    if not (isinstance(kind.settings, type) and issubclass(kind.settings, BaseModel)):
        return "must have settings that are a pydantic class"
    if not kind.settings.model_config.get("frozen"):
        return "must have settings that are frozen: model_config = ConfigDict(frozen=True)"
    if unknown := set(kind.reads) - set(get_args(Reads)):
        return f"reads {', '.join(sorted(map(repr, unknown)))}; there are {', '.join(get_args(Reads))}"
    try:
        hash(kind)
        described(kind.settings, "USD")
    except Exception as error:
        return f"cannot be listed: {type(error).__name__}: {error}"
    return None


def _class_of_use(kind: RuleKind) -> type:
    """The class that gives kinds of this use what they have in common."""
    return next(one for one in type(kind).__mro__ if one.__dict__.get("use"))
