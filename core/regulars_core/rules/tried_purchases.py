"""Purchases made at random, for laws to be tried on. Pure."""

from random import Random

from regulars_core.primitives.clock import DAY_MS, Instant
from regulars_core.rules.facts import CustomerFact, LineFact, PurchaseFact

_START = Instant(1_767_225_600_000)  # 2026-01-01T00:00Z
_FIRST_DAY = 739_617  # the same as date.toordinal counts
_WORDS = ("Tea", "Coffee", "Bread", "Cheese", "Cups")


def random_purchases(dice: Random, most: int = 8) -> list[PurchaseFact]:
    """Some purchases of one customer in the order of time: some on one day, some given back in part or whole."""
    at, purchases = _START, []
    customer = CustomerFact(f"{dice.getrandbits(64):032x}", "0" * 31 + "1", _START, None, None)
    for n in range(dice.randrange(most + 1)):
        at = Instant(at + dice.choice((0, 1, 3_600_000, DAY_MS, 7 * DAY_MS, 40 * DAY_MS, 400 * DAY_MS)) + n)
        lines = tuple(_line(dice) for _ in range(dice.randrange(4)))
        net = sum(line.net for line in lines) if lines else dice.choice((0, 1, 99, 1_000, 52_000, 10**9))
        counted = dice.random() < 0.8 and (not lines or any(line.stands for line in lines))  # or refunded as a whole
        customer = customer._replace(group_id="0" * 31 + dice.choice("112"))  # as of then: it may have been another
        since = at - _START
        purchases.append(
            PurchaseFact(
                f"{dice.getrandbits(64):032x}", at, _FIRST_DAY + since // DAY_MS, net if counted else 0, counted,
                f"{dice.randrange(3):032x}", dice.choice((None, "till", "web")), since % DAY_MS // 60_000, lines, customer,
            )
        )  # fmt: skip
    return purchases


def _line(dice: Random) -> LineFact:
    quantity = dice.choice((0, 250_000, 1_000_000, 3_000_000))
    total = dice.choice((0, 1, 250, 9_999)) * (quantity > 0)
    returned = dice.choice((0, 0, 0, quantity // 2, quantity))
    refunded = total * returned // quantity if quantity else 0
    word = dice.choice((None, *_WORDS))
    brand = dice.choice((None, "Casa Roja"))
    return LineFact(f"{dice.getrandbits(64):032x}", word, word, brand, word, quantity, returned, total, refunded)
