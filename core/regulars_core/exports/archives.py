"""All that is known of one person, in tables."""

import csv
import io
import zipfile
from collections.abc import Mapping
from typing import Any

import orjson

from regulars_core.exports.csv_text import safe_cell


def archive_of(known: Mapping[str, Any]) -> bytes:
    """What `data_of` tells of a person as a zip archive: a CSV file for each table, by whose it is, whose first column says of
    which record of the person each row is."""
    tables: dict[str, list[Mapping[str, Any]]] = {}
    for record in known["records"]:
        for owner, parts in record.items():
            if isinstance(parts, Mapping):
                for table, rows in parts.items():
                    told = tables.setdefault(f"{owner}/{table}.csv", [])
                    told += [{"record": record["customerId"], **row} for row in rows]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, rows in tables.items():
            target = io.StringIO(newline="")
            columns = list(dict.fromkeys(column for row in rows for column in row))
            writer = csv.writer(target)
            writer.writerow(columns)
            writer.writerows([safe_cell(_written(row.get(column))) for column in columns] for row in rows)
            file.writestr(name, target.getvalue())
    return archive.getvalue()


def _written(value: Any) -> Any:
    """A value of JSON as a cell: truth as `true` and `false`, and what has parts as JSON."""
    return orjson.dumps(value).decode() if isinstance(value, bool | list | dict) else value
