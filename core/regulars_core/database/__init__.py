"""Opens a database, reads, writes, tries again, migrates and backs up; the same on SQLite and PostgreSQL.

Copies are made by `regulars_core.database.backup`.
"""

from .apps import App
from .database import Database
from .dialect import Dialect, Engine, Lookup, Write
from .faults import FromTheFuture, NotMigrated, OutcomeUnknown, Unavailable, violated

__all__ = [
    "App",
    "Database",
    "Dialect",
    "Engine",
    "FromTheFuture",
    "Lookup",
    "NotMigrated",
    "OutcomeUnknown",
    "Unavailable",
    "Write",
    "violated",
]
