"""Which transaction the current task is in, whatever the database."""

from contextvars import ContextVar
from typing import Any

transaction: ContextVar[Any] = ContextVar("regulars_transaction", default=None)
"""Its client; None outside. Tortoise knows it for each database, but asks for the event loop each time: together that took a
twentieth of a write."""

overtaken: ContextVar[bool] = ContextVar("regulars_overtaken", default=False)
"""Whether it runs again because somebody else was quicker."""
