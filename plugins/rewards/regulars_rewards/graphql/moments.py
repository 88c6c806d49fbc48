"""Instants as of which offers are asked."""

from regulars_core.plugin import BadInput, Instant, now
from regulars_rewards.promotions.known import PAST_DAYS, earliest_known


def refuse_before_known(at: Instant | None, *path: str) -> None:
    """Raises BadInput, OUT_OF_RANGE, for an instant of which it is not known any more what had not ended."""
    if at is not None and at < earliest_known(now()):
        raise BadInput(f"Offers are known for the last {PAST_DAYS} days.", path, "OUT_OF_RANGE")
