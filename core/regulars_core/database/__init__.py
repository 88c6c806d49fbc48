"""Opens a database, reads, writes, tries again, migrates and backs up; the same on SQLite and PostgreSQL.

Copies are made by `regulars_core.database.backup`.
"""

from regulars_core.database.errors import (
    DatabaseTooNew,
    NotMigrated,
    OutcomeUnknown,
    Overtaken,
    StoppedForLength,
    Unavailable,
    unknown_outcome,
    violated,
)

from .apps import App
from .comments import read_where_there_are_any
from .database import Database
from .dialect import Dialect, Engine, Guarded, Lookup, Precondition, Write
from .sought import Sought

__all__ = [
    "App",
    "Database",
    "DatabaseTooNew",
    "Dialect",
    "Engine",
    "Guarded",
    "Lookup",
    "NotMigrated",
    "OutcomeUnknown",
    "Overtaken",
    "Precondition",
    "Sought",
    "StoppedForLength",
    "Unavailable",
    "Write",
    "unknown_outcome",
    "violated",
]

read_where_there_are_any()
