"""Rules as shops store and see them: a kind's name with settings as text, whatever becomes of the kind."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from pydantic import BaseModel, ConfigDict

from regulars_core.rules.kinds import RuleKind
from regulars_core.rules.settings import written


@dataclass(frozen=True, slots=True)
class RuleSetting:
    """One value of a setting, as text; of a list there is one for each of its values."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A rule as it is kept: the name of its kind, and what the kind was told. It outlives the plugin that brings the kind."""

    kind: str
    settings: tuple[RuleSetting, ...] = ()

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "StoredRule":
        """A rule out of its `data`."""
        return cls(data["kind"], tuple(RuleSetting(one["name"], one["value"]) for one in data["settings"]))

    @property
    def data(self) -> Mapping[str, Any]:
        """The rule as plain JSON, for the column of a plugin."""
        return asdict(self)

    @property
    def pairs(self) -> Iterator[tuple[str, str]]:
        """The settings as name/value pairs."""
        return ((one.name, one.value) for one in self.settings)


class RuleData(BaseModel):
    """A rule as a part of what plugins keep: a kind and what it is told, name/value pairs as text, a list being its name several
    times. `plugin` brought the kind when it was accepted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    settings: tuple[tuple[str, str], ...] = ()
    plugin: str | None = None

    @property
    def stored(self) -> StoredRule:
        """The rule as rules of any use are kept."""
        return StoredRule(self.kind, tuple(RuleSetting(*pair) for pair in self.settings))


@dataclass(frozen=True, slots=True)
class UsableRule:
    """A rule whose kind is there and takes its settings: what can be applied."""

    kind: RuleKind
    settings: BaseModel

    def stored(self, currency: str) -> StoredRule:
        """As it is kept, defaults included, so that another default of a later version changes no rule."""
        return StoredRule(self.kind.name, tuple(RuleSetting(*pair) for pair in written(self.settings, currency)))

    def words(self, currency: str) -> str:
        """The rule in words; if the kind fails at them, in those that any rule has."""
        try:
            words = self.kind.words(self.settings, currency)
        except Exception:
            words = None
        stored = self.stored(currency)
        return words if words and isinstance(words, str) else listed(self.kind.description, stored.settings)


def listed(what: str, settings: Sequence[RuleSetting]) -> str:
    """What a rule does, with all that it was told: `Says hello (words: Hi; on: TUE, SUN)`."""
    each = (f"{name}: {', '.join(one.value for one in ones)}" for name, ones in groupby(settings, lambda one: one.name))
    told = "; ".join(each)
    return f"{what.rstrip('.')} ({told})" if told else what.rstrip(".")


@dataclass(frozen=True, slots=True)
class ShownRule:
    """A rule as people see it: in words, with its settings, defaults included. One that is not available (its plugin is off, or
    no longer takes what it is told) is shown as it is kept, and never applies."""

    description: str
    is_available: bool
    kind: str
    settings: Sequence[RuleSetting]
