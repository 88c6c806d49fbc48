"""RESULTS.md: parts that are written anew each by its own benchmark, the others staying as they are."""

import os
import platform
import re
import sqlite3
from datetime import date
from pathlib import Path

from regulars_core.testing import PostgresServer

FILE = Path(__file__).parent / "RESULTS.md"


def write(part: str, *lines: str, file: Path = FILE) -> None:
    """Replace a part, or put it at the end."""
    begin, end = f"<!-- {part} -->", f"<!-- end of {part} -->"
    text = "\n\n".join(_blocks(lines))
    new, old = f"{begin}\n{text}\n{end}", file.read_text() if file.exists() else ""
    known = re.compile(f"{re.escape(begin)}.*{re.escape(end)}", re.DOTALL)
    file.write_text(known.sub(lambda _: new, old) if known.search(old) else "\n".join(filter(None, (old, new, ""))))


def _blocks(lines: tuple[str, ...]) -> list[str]:
    """Lines of one table belong together, everything else stands by itself."""
    found: list[str] = []
    for line in filter(None, (line.strip("\n") for line in lines)):
        if found and line.startswith("|") and found[-1].startswith("|"):
            found[-1] += f"\n{line}"
        else:
            found.append(line)
    return found


def today() -> str:
    """When and on what it was measured, as a sentence."""
    return f"{date.today()}, Python {platform.python_version()}, {os.cpu_count()} cores shared with other work."


def version_of(server: PostgresServer | None) -> str:
    """The name and the version of the database."""
    if server is None:
        return f"SQLite {sqlite3.sqlite_version}"
    return f"PostgreSQL {server.execute('SHOW server_version').split()[0]}"
