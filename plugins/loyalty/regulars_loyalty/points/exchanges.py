"""What points are exchanged for by hand: an exchange of the program gives a reward of some kind, and takes it back."""

from regulars_core.plugin import Instant, Problem, Refused, Shop


async def exchange_named(shop: Shop, code: str, at: Instant) -> None:
    """The exchange of the program in force that has this code. Raises Refused: UNKNOWN_EXCHANGE, EXCHANGE_UNAVAILABLE."""
    raise Refused(Problem("EXCHANGE_UNAVAILABLE", "Nobody gives what this is exchanged for.", ("exchange",)))
