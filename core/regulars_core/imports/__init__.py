"""Bringing customers and purchases in from CSV files: in batches, in constant memory, and safe to run again."""

from regulars_core.imports.box import Kind, profile_names, profile_of, proposed
from regulars_core.imports.customers import import_customers
from regulars_core.imports.files.profiles import NAME_ORDERS, Profile, zone_named
from regulars_core.imports.files.refusal import ImportRefused
from regulars_core.imports.files.sources import Source
from regulars_core.imports.options import ImportOptions, ImportReport, Progress
from regulars_core.imports.purchases import import_purchases
from regulars_core.imports.told import Told, with_told

__all__ = [
    "NAME_ORDERS",
    "ImportOptions",
    "ImportRefused",
    "ImportReport",
    "Kind",
    "Profile",
    "Progress",
    "Source",
    "Told",
    "import_customers",
    "import_purchases",
    "profile_names",
    "profile_of",
    "proposed",
    "with_told",
    "zone_named",
]
