"""Bringing customers and purchases in from CSV files: in batches, in constant memory, and safe to run again."""

from .customers import import_customers
from .options import ImportOptions, ImportRefused, ImportReport, Progress
from .purchases import import_purchases

__all__ = ["ImportOptions", "ImportRefused", "ImportReport", "Progress", "import_customers", "import_purchases"]
