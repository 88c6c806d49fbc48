"""Files to import, as the tests of imports have them, and what runs commands, as the tests of commands do."""

from tests.cli.conftest import elsewhere, regulars
from tests.imports.conftest import customers, everything, files, purchases

__all__ = ["customers", "elsewhere", "everything", "files", "purchases", "regulars"]
