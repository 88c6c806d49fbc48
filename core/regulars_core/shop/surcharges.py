"""What something costs beyond what was asked for, such as a code that was guessed: said where it is known, taken by the door."""

from contextvars import ContextVar

from regulars_core.primitives.scoped import Scoped


class Surcharge:
    """So many objects that the caller pays besides. Whoever does something again begins it anew."""

    objects: int = 0


_collected: ContextVar[Surcharge | None] = ContextVar("regulars_surcharge", default=None)


def surcharge(objects: int) -> None:
    """Let whoever asks for what is being done pay so many objects of their rate besides, whatever becomes of it, and once however
    often a transaction runs. Where nobody asks, as in a job, nobody pays."""
    if collected := _collected.get():
        collected.objects += objects


def surcharged() -> Scoped[Surcharge]:
    """Collect what is said by `surcharge` inside."""
    return Scoped(_collected, Surcharge())
