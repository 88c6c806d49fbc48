"""Files that were sent, as far as they can be looked at before they are imported: their header, and the first rows."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from regulars_core.customers.attributes.definitions import declared_attributes
from regulars_core.database import Database
from regulars_core.files.storage import opened_piece
from regulars_core.imports.box import Kind, profile_in_box, profile_names
from regulars_core.imports.customer_rows import known_layout
from regulars_core.imports.files.columns import DELIMITERS, Layout, names_of, recognised
from regulars_core.imports.files.encodings import as_utf8, encoding_of
from regulars_core.imports.files.refusal import ImportRefused
from regulars_core.imports.purchase_rows import PURCHASES
from regulars_core.shop.shop import Shop

MAX_COLUMNS, MAX_SAMPLES, _MAX_SAMPLE = 200, 5, 120
_LINE_BYTES = 1 << 16


async def layout_known(shop: Shop, kind: Kind) -> Layout:
    """The columns that files of this kind may have in a shop."""
    if kind == "purchases":
        return PURCHASES
    return known_layout(shop.settings, await declared_attributes(shop.database))


@dataclass(frozen=True, slots=True)
class SentColumn:
    """A column: its header, what the first rows hold, and the column of ours that it would be taken for."""

    header: str
    samples: Sequence[str]
    suggestion: str | None


async def heads_of(database: Database, file_ids: Sequence[str]) -> Mapping[str, bytes]:
    """How these files begin. Raises Sealed where one cannot be opened."""
    if not file_ids:
        return {}
    among = database.dialect.among("file_id", 1)
    rows = await database.rows(
        f"SELECT file_id, content FROM file_piece WHERE {among} AND position = 0", list(file_ids)
    )
    return {file_id: opened_piece(database, file_id, 0, bytes(content)) for file_id, content in rows}


def columns_of(head: bytes, kind: Kind, layout: Layout, encoding: str | None = None) -> Sequence[SentColumn]:
    """The columns of a file that begins so; none where it is nothing that could be read."""
    file = io.BytesIO(head)
    try:
        known = encoding_of(file, encoding)
        lines = as_utf8(file, known)
        names = names_of(lines, known)
    except ImportRefused:
        return []
    rest = iter(lambda: lines.readline(_LINE_BYTES).decode("utf-8", "replace"), "")
    first = [line for line in islice(rest, MAX_SAMPLES) if "\0" not in line]
    delimiter = max(DELIMITERS, key="".join(first).count)
    try:
        rows = list(csv.reader(first, delimiter=delimiter))
    except csv.Error:
        rows = []
    suggested = _suggested(names, kind, layout)
    return [
        SentColumn(name, [row[n][:_MAX_SAMPLE] for row in rows if n < len(row)], suggested.get(name))
        for n, name in enumerate(names[:MAX_COLUMNS])
    ]


def _suggested(names: Sequence[str], kind: Kind, layout: Layout) -> Mapping[str, str]:
    found = dict[str, str]()
    profiles = [profile_in_box(name, kind) for name in profile_names(kind)]
    profile = next((one for one in profiles if recognised(names, one)), None)
    theirs = {name.strip().casefold(): name for name in names}
    for ours, source in profile.columns.items() if profile else ():
        for name in source.of:
            if name.casefold() in theirs:
                found.setdefault(theirs[name.casefold()], ours)
    for name in names if profile is None else ():
        ours = layout.column_of(name)
        if ours in layout.columns:
            found[name] = ours
    return found
