"""How much progress a purchase is worth by its size, in both readings."""

import pytest

from regulars_core.plugin import Checks
from regulars_rewards.triggers.bands import MAX_BANDS, Band, Bands, RewardMode, check_bands

STANDARD, NEXOPOS = RewardMode.STANDARD, RewardMode.NEXOPOS
OPEN = [Band(5_000, None, 5), Band(0, 1_000, 1), Band(1_000, 5_000, 3)]
CLOSED = [Band(0, 1_000, 1), Band(1_000, 5_000, 3), Band(5_000, 10_000, 5)]


@pytest.mark.parametrize(
    ("amount", "standard", "nexopos"),
    [
        (0, 1, 1),
        (999, 1, 1),
        (1_000, 3, 4),
        (1_001, 3, 3),
        (4_999, 3, 3),
        (5_000, 5, 8),
        (10_000, 5, 5),
        (10_001, 5, 0),
    ],
)
def test_the_worked_numbers(amount: int, standard: int, nexopos: int) -> None:
    """0–10 → 1, 10–50 → 3, 50 and more → 5 (NEXOPOS 50–100): 10.00 → 3 (4); 50.00 → 5 (8); 100.01 → 5 (0)."""
    one, other = Bands.of(OPEN, STANDARD), Bands.of(CLOSED, NEXOPOS)
    assert one
    assert other
    assert (one.units(amount), other.units(amount)) == (standard, nexopos)


def test_an_open_band_is_open_in_both_readings() -> None:
    bands = Bands.of(OPEN, NEXOPOS)
    assert bands
    assert bands.units(10**12) == 5


def test_no_bands_are_none() -> None:
    assert Bands.of([]) is None


def wrong(*bands: Band) -> list[tuple[str, tuple[str, ...]]]:
    checks = Checks("input")
    check_bands(bands, checks, "bands")
    return [(one.code, one.path) for one in checks.problems]


def test_shared_edges_do_not_overlap() -> None:
    assert wrong(*OPEN) == wrong(*CLOSED) == wrong() == []


@pytest.mark.parametrize(
    ("bands", "place"),
    [
        ([Band(0, 1_001, 1), Band(1_000, 2_000, 1)], "1"),
        ([Band(1_000, 2_000, 1), Band(0, 1_001, 1)], "0"),
        ([Band(0, None, 1), Band(5_000, 6_000, 1)], "1"),
        ([Band(0, 100, 1), Band(0, 100, 1)], "1"),
        ([Band(0, 10_000, 1), Band(10, 20, 1)], "1"),
    ],
)
def test_what_overlaps_is_refused(bands: list[Band], place: str) -> None:
    assert wrong(*bands) == [("BANDS_OVERLAP", ("input", "bands", place, "from"))]


def test_each_that_overlaps_any_before_is_told() -> None:
    assert [path[2] for _, path in wrong(Band(0, 10_000, 1), Band(10, 20, 1), Band(30, 40, 1))] == ["1", "2"]


@pytest.mark.parametrize(
    ("band", "field"),
    [
        (Band(-1, 10, 1), "from"),
        (Band(10, 10, 1), "to"),
        (Band(10, 9, 1), "to"),
        (Band(0, 10, 0), "progress"),
        (Band(0, 10, 1_000_001), "progress"),
    ],
)
def test_what_cannot_be(band: Band, field: str) -> None:
    assert wrong(band) == [("OUT_OF_RANGE", ("input", "bands", "0", field))]


def test_fifty_at_most() -> None:
    bands = [Band(n, n + 1, 1) for n in range(MAX_BANDS + 1)]
    assert wrong(*bands[:-1]) == []
    assert wrong(*bands) == [("TOO_MANY", ("input", "bands"))]
