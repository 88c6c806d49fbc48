"""The shop at hand: its database and what it has decided. What every service is given first."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from regulars_core.database import Database, Unavailable
from regulars_core.database.seals import Seals
from regulars_core.plugins.host import Plugins
from regulars_core.primitives.money import CurrencyCode, Money, to_minor
from regulars_core.shop.codes import Codes
from regulars_core.shop.permissions import Permissions
from regulars_core.shop.settings import Settings
from regulars_core.shop.turns import Turns


class CatchingUp(Unavailable):
    """What was asked for depends on a plugin that is being told what it missed; later it can be had."""

    def __init__(self, plugin: str) -> None:
        super().__init__(f"The plugin '{plugin}' is catching up with what it missed while it was off; try again later.")
        self.plugin = plugin


@dataclass
class Shop:
    """One opened shop: what every service and every event is given first.

    Two of them live in one process without knowing of each other.
    """

    database: Database
    settings: Settings
    plugins: Plugins
    codes: Codes = field(init=False)
    permissions: Permissions = field(init=False)
    """Everything that can be allowed here; making it raises PluginError where plugins' permissions cannot be."""
    keeps_journal: bool = field(init=False)
    """Whether events are written down for plugins that are off: as soon as any plugin was ever on."""
    behind: frozenset[str] = frozenset()
    """The plugins that are told later what happens now, since they are being told what they missed before; so nobody is told of
    two things in another order than they happened. See `regulars_core.events.behind`."""
    was_behind: bool = False
    """Whether any plugin was behind since the shop was opened."""
    turns: Turns = field(default_factory=Turns)
    """Who would only overtake each other in this process, one after another."""
    memory: dict[Any, Any] = field(default_factory=dict)
    """What plugins remember of the shop in this process, by something of their own, such as a class; it may be out of date."""

    def __post_init__(self) -> None:
        self.codes = Codes(self.database)
        self.permissions = Permissions.of(self.plugins)
        self.keeps_journal = bool(self.plugins.names)

    @property
    def seals(self) -> Seals:
        """By which keys what is sensitive is sealed."""
        return self.database.seals

    def refuse_behind(self, owner: str | None) -> None:
        """Raise CatchingUp for what belongs to a plugin that is behind."""
        if owner in self.behind:
            raise CatchingUp(str(owner))

    @property
    def told(self) -> Sequence[str] | None:
        """The plugins that are told at once of what happens; None for all."""
        return [name for name in self.plugins.names if name not in self.behind] if self.behind else None

    @cached_property
    def currency(self) -> CurrencyCode:
        """The one currency that the shop sells in."""
        return CurrencyCode(self.settings.currency)

    @cached_property
    def coin(self) -> int | None:
        """What cash is rounded to by the settings, in minor units; None for what is usual in the currency."""
        own = self.settings.cash_rounding
        return None if own is None else to_minor(own, self.currency)

    def money(self, minor: int) -> Money:
        """An amount in the shop's currency."""
        return Money(minor, self.currency)


class WrongCurrency(Exception):
    """The database holds purchases in a currency that is not the shop's."""


async def refuse_other_currency(shop: Shop) -> None:
    """Raise WrongCurrency if purchases were recorded in another currency: amounts would be added that cannot be."""
    row = await shop.database.row("SELECT currency FROM purchase LIMIT 1")
    if row and row[0] != shop.currency:
        raise WrongCurrency(
            f"The database holds purchases in {row[0]}, but REGULARS_CURRENCY is {shop.currency}; a shop sells in one currency."
        )
