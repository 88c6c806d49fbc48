"""A batch of a file: gathered while the file is read, and settled as a whole, or one by one where that is refused."""

from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from regulars_core.database import StoppedForLength, Unavailable
from regulars_core.imports.files.records import Row
from regulars_core.imports.files.refusal import ImportRefused
from regulars_core.imports.run import Running, Settle
from regulars_core.primitives.errors import Problem, Refused, logged

_MAX_ROWS = 10
"""Rows of a batch for each of its items at most, so that long baskets make a batch of fewer."""


class Meanwhile(Exception):
    """Somebody else has just written what was looked up for a batch: it is to be looked up and settled again."""


class LeftOut(Exception):
    """A purchase that its file itself says is none: an attempt to pay, a basket that nobody bought."""


_OF_NO_ROW = (Unavailable, Meanwhile, ImportRefused)


class Piece(Protocol):
    """What one purchase or customer of a file is read from."""

    @property
    def rows(self) -> Sequence[Row]:
        """The rows of the file, which stand or fall together."""

    @property
    def further(self) -> bool:
        """Whether it goes on with what an earlier piece began, and is counted already."""


class Item(Protocol):
    """A purchase or customer that could be read."""

    @property
    def rows(self) -> Sequence[Row]:
        """The rows of the file that it is."""


PieceT = TypeVar("PieceT", bound=Piece)
ItemT = TypeVar("ItemT", bound=Item)


def batches(
    running: Running, pieces: Iterable[PieceT], read: Callable[[PieceT], ItemT]
) -> Generator[list[ItemT], None, None]:
    """What can be read, a batch at a time; the last one may be empty. A piece whose reading is refused is rejected, and one that
    is none is left out."""
    size, items, rows = running.options.batch_size, list[ItemT](), 0
    for piece in pieces:
        rows += len(piece.rows)
        try:
            items.append(read(piece))
        except _OF_NO_ROW:
            raise
        except LeftOut:
            running.report.left_out += len(piece.rows)
        except Exception as error:
            running.reject(piece.rows, _problems(error), counted=not piece.further)
        if len(items) == size or rows >= size * _MAX_ROWS:
            yield items
            items, rows = [], 0
    yield items


@dataclass
class Outcome(Generic[ItemT]):
    """What became of some items; counted only once it is certain."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    customers_created: int = 0
    stores_created: int = 0
    rejected: list[tuple[ItemT, Problem]] = field(default_factory=list)
    told: list[tuple[ItemT, Problem]] = field(default_factory=list)
    """What was wrong with items that were taken all the same."""


async def settle(
    running: Running, items: Sequence[ItemT], attempt: Awaitable[Outcome[ItemT]], alone: Settle[list[ItemT]]
) -> None:
    """Count what an attempt to take all of these items has come to.

    Where it is refused, or anything else is wrong, each is settled `alone`, so that only the culprit is rejected; and so where
    somebody else has just written the same. Where a statement takes longer than one may, fewer are tried at once. Raises what no
    row can be blamed for.
    """
    try:
        outcome = await attempt
    except StoppedForLength:
        if len(items) == 1:
            raise
        half = len(items) // 2
        for some in (items[:half], items[half:]):
            await alone(running, list(some))
        return
    except _OF_NO_ROW:
        raise
    except Exception as error:
        if len(items) > 1:
            for item in items:
                await alone(running, [item])
        else:
            running.reject(items[0].rows, _problems(error))
        return
    report = running.report
    report.created += outcome.created
    report.updated += outcome.updated
    report.unchanged += outcome.unchanged
    report.customers_created += outcome.customers_created
    report.stores_created += outcome.stores_created
    for item, problem in outcome.rejected:
        running.reject(item.rows, [problem])
    for item, problem in outcome.told:
        running.tell(item.rows, problem)


def _problems(error: Exception) -> Sequence[Problem]:
    """Why a row is rejected. What nobody foresaw is in the log, and ends nothing: the file's other rows can do nothing for it."""
    if isinstance(error, Refused):
        return error.problems
    error_id = logged(error, "a row of an imported file")
    return [Problem("INTERNAL", f"Something went wrong with this on our side; the log has more under {error_id}.")]
