"""Bringing customers and purchases in from CSV files: in batches, in constant memory, and safe to run again."""

from regulars_core.imports.customers import import_customers
from regulars_core.imports.options import ImportOptions, ImportRefused, ImportReport, Progress
from regulars_core.imports.purchases import import_purchases

__all__ = ["ImportOptions", "ImportRefused", "ImportReport", "Progress", "import_customers", "import_purchases"]
