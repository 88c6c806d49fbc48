"""What points are earned and how long they live."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.loyalty.naive.accounts import FOR_EVER


@dataclass(frozen=True)
class Program:
    """`points` for each hundred minor units of what was paid, and half as many on top; ten points pay a hundred."""

    points: int = 1
    pending: int = 0
    months: int = 0
    days: int = 0
    to_month_end: bool = False

    def end_of(self, available: int) -> int:
        """When points end that are available from an instant on."""
        if not self.months and not self.days:
            return FOR_EVER
        begin = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=available)
        month = begin.month - 1 + self.months
        year, month = begin.year + month // 12, month % 12 + 1
        day = min(begin.day, monthrange(year, month)[1])
        end = begin.replace(year=year, month=month, day=day) + timedelta(days=self.days)
        if self.to_month_end:
            first = end.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
            end = (first + timedelta(days=31)).replace(day=1)
        return (end - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
