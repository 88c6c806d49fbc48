"""Files to import by profiles."""

from tests.imports.conftest import customers, everything, files, purchases

__all__ = ["customers", "everything", "files", "purchases"]
