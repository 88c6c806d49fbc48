"""Consents as columns of files: what is in force for a purpose and a way of contact, and what speaks for it. Pure.

`consent.marketing` is about every way of contact, `consent.marketing.email` about e-mail; behind each stand `….at`, `….proof`,
`….text_version` and `….source`. What is in force of a way because it is of every way stands in both, and is read once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from regulars_core.customers.consents.entries import ConsentEntry
from regulars_core.customers.consents.rules import GRANTED, WAYS
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.shop.settings import Settings

DECISION, AT, PROOF, TEXT_VERSION, SOURCE = PARTS = ("decision", "at", "proof", "text_version", "source")
OF_A_FILE = "import"
"""Where something was said of which a file does not tell."""


@dataclass(frozen=True, slots=True)
class ConsentColumn:
    """A column: of which purpose and way it is, None for every one, and which part of what was said stands in it."""

    purpose: str
    channel: str | None
    part: str = DECISION

    @property
    def name(self) -> str:
        """What the column is called."""
        way = [] if self.channel is None else [self.channel.lower()]
        return ".".join(["consent", self.purpose, *way, *([] if self.part == DECISION else [self.part])])


def consent_columns(settings: Settings) -> Sequence[ConsentColumn]:
    """The columns of what the shop asks for, every way of contact before each."""
    return [
        ConsentColumn(purpose, way, part) for purpose in settings.consent_purposes for way in WAYS for part in PARTS
    ]


def entries_in(
    cells: Mapping[ConsentColumn, str], at: str, instant: Callable[[str, str], Instant]
) -> list[ConsentEntry]:
    """What a row tells of consents; empty cells tell nothing. `at` stands for what has no instant of its own, and `instant` reads
    one in a column of this name. Raises Refused for an agreement without one: an old file never lifts a refusal."""
    entries = list[ConsentEntry]()
    for entry in _told(cells, at, instant):
        of_every_way = (replace(one, channel=entry.channel) for one in entries if one.purpose == entry.purpose)
        if entry not in list(of_every_way):
            entries.append(entry)
    return entries


def _told(
    cells: Mapping[ConsentColumn, str], at: str, instant: Callable[[str, str], Instant]
) -> Iterator[ConsentEntry]:
    for column, cell in cells.items():
        if column.part != DECISION or not cell.strip():
            continue
        told = {part: cells.get(replace(column, part=part), "").strip() for part in PARTS}
        said, decision = told[AT] or at.strip(), told[DECISION].upper()
        if decision == GRANTED and not said:
            message = f"{column.name}: An agreement takes the instant at which it was given, in {column.name}.at or consent_at."
            raise Refused(Problem("REQUIRED", message))
        yield ConsentEntry(
            decision,
            told[SOURCE] or OF_A_FILE,
            column.channel,
            column.purpose,
            instant(replace(column, part=AT).name, said) if said else None,
            told[PROOF].upper() or None,
            None,
            told[TEXT_VERSION] or None,
        )
