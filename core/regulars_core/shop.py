"""The shop at hand: its database and what it has decided. What every service is given first."""

from dataclasses import dataclass, field

from regulars_core.customers.codes import Codes
from regulars_core.database import Database
from regulars_core.money import CurrencyCode, Money
from regulars_core.settings import Settings


@dataclass
class Shop:
    """One shop, opened. Two of them live in one process without knowing of each other."""

    database: Database
    settings: Settings
    codes: Codes = field(init=False)

    def __post_init__(self) -> None:
        self.codes = Codes(self.database)

    @property
    def currency(self) -> CurrencyCode:
        """The one currency that the shop sells in."""
        return CurrencyCode(self.settings.currency)

    def money(self, minor: int) -> Money:
        """An amount in the shop's currency."""
        return Money(minor, self.currency)
