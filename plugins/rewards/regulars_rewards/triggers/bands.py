"""How much progress a purchase is worth by its size. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from regulars_core.plugin import Checks, decimal_text, exponent_of

MAX_BANDS = 50
MAX_PROGRESS = 1_000_000
MAX_EDGE = 10**15


class RewardMode(StrEnum):
    """How bands and targets of a reward system are read."""

    STANDARD = "STANDARD"
    """The lower edge belongs to a band and the upper does not, at most one band matches, and each full target gives a reward."""
    NEXOPOS = "NEXOPOS"
    """As NexoPOS does: both edges of a band belong to it, bands that match are summed, and the target gives one reward; the rest
    is kept."""


@dataclass(frozen=True, slots=True)
class Band:
    """From which amount to which one, in minor units, how much `progress` it is; open upwards where `until` is None."""

    since: int
    until: int | None
    progress: int

    def words(self, currency: str) -> str:
        """The band as it reads: `10.00–50.00`."""
        least, most = (
            None if one is None else decimal_text(one, exponent_of(currency)) for one in (self.since, self.until)
        )
        return f"{least} and more" if most is None else f"{least}–{most}"


@dataclass(frozen=True, slots=True)
class Bands:
    """Bands as they are read in a mode, in the order of their lower edges.

    *0–10 → 1, 10–50 → 3, 50 and more → 5 (NEXOPOS: 50–100): 10.00 is worth 3 (NEXOPOS 4), 50.00 is worth 5 (8), 100.01 5 (0).*
    """

    bands: Sequence[Band]
    mode: RewardMode = RewardMode.STANDARD

    @classmethod
    def of(cls, bands: Sequence[Band], mode: RewardMode = RewardMode.STANDARD) -> "Bands | None":
        """The bands of a system; None where it has none."""
        return cls(tuple(sorted(bands, key=lambda band: band.since)), mode) if bands else None

    def matching(self, amount: int) -> Sequence[Band]:
        """In which bands an amount lies: one at most unless both edges belong to a band."""
        if self.mode is RewardMode.NEXOPOS:
            return [one for one in self.bands if one.since <= amount and (one.until is None or amount <= one.until)]
        return [one for one in self.bands if one.since <= amount and (one.until is None or amount < one.until)]

    def units(self, amount: int) -> int:
        """How much progress an amount of minor units is worth."""
        return sum(band.progress for band in self.matching(amount))


def check_bands(bands: Sequence[Band], checks: Checks, *path: str) -> None:
    """Tell what is wrong with bands to `checks`, behind `path` with the place of the band: OUT_OF_RANGE for edges and progress
    that cannot be, TOO_MANY, and BANDS_OVERLAP at the later of two that have more than an edge in common, in either mode."""
    told = checks.nested(*path)
    if len(bands) > MAX_BANDS:
        told.fail("TOO_MANY", f"At most {MAX_BANDS} bands.")
        return
    for n, band in enumerate(bands):
        if not 0 <= band.since <= MAX_EDGE:
            told.fail("OUT_OF_RANGE", "The lower edge is 0 or more.", str(n), "from")
        if band.until is not None and not band.since < band.until <= MAX_EDGE:
            told.fail("OUT_OF_RANGE", "The upper edge is above the lower one.", str(n), "to")
        if not 1 <= band.progress <= MAX_PROGRESS:
            told.fail("OUT_OF_RANGE", f"A band is worth from 1 to {MAX_PROGRESS}.", str(n), "progress")
    if told.problems:
        return
    reached = 0
    for n in sorted(range(len(bands)), key=lambda n: (bands[n].since, n)):
        if bands[n].since < reached:
            told.fail("BANDS_OVERLAP", "It overlaps another band.", str(n), "from")
        until = bands[n].until
        reached = max(reached, MAX_EDGE + 1 if until is None else until)
