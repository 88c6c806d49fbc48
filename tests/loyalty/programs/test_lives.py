"""When lives end: by the calendar where the shop is, as `datetime` counts."""

from calendar import monthrange
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from regulars_core.plugin import DAY_MS, LATEST, Instant, instant_of
from regulars_loyalty.ledger.lives import Life, end_of, life_of


def counted(life: Life, start: Instant, zone: ZoneInfo) -> Instant:
    """The end, counted on the wall's clock and calendar."""
    local = datetime.fromtimestamp(start / 1000, zone)
    year, month = divmod(local.year * 12 + local.month - 1 + life.months, 12)
    day = min(local.day, monthrange(year, month + 1)[1])
    ended = local.replace(year=year, month=month + 1, day=day, fold=0) + timedelta(days=life.days)
    if life.to_month_end:
        ended = (ended.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=32)).replace(day=1)
    return instant_of(ended)


@pytest.mark.parametrize(
    "name", ["UTC", "Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "America/Santiago"]
)
def test_lives_end_where_the_shop_is(name: str) -> None:
    zone, dice = ZoneInfo(name), Random(11)
    for text in ("P1D", "P30D", "P1M", "P9M", "P9M MONTH_END", "P1Y6M", "P365D", "P2W MONTH_END", "P10Y"):
        life = life_of(text)
        assert life is not None
        for _ in range(400):
            start = Instant(dice.randrange(0, 140 * 365) * DAY_MS + dice.randrange(DAY_MS) // 1000 * 1000)
            assert end_of(life, start, zone) == counted(life, start, zone), (text, start)


def test_what_is_too_far_away_never_ends() -> None:
    assert end_of(Life(120, 0), instant_of(datetime(9989, 6, 1, tzinfo=ZoneInfo("UTC"))), ZoneInfo("UTC")) == LATEST
