"""Whoever keeps something of customers takes part in what becomes of customers: the proof that a plugin does."""

import importlib
from collections.abc import Iterator, Sequence

from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.models import Model

from regulars_core import hookspecs
from regulars_core.start import plugins_on

ABOUT_CUSTOMERS = ("customers_merged", "customers_unmerged", "customers_erased", "customers_data")
"""The hooks that a plugin must have which refers to customers, as far as this version has them."""


def models_in(module: str) -> Iterator[type[Model]]:
    """The models that a module defines or lists."""
    for member in vars(importlib.import_module(module)).values():
        if isinstance(member, type) and issubclass(member, Model) and member._meta.db_table:
            yield member


def refers_to_customers(model: type[Model]) -> bool:
    """Whether a column is a foreign key to a customer, or called like one: `customer_id`, `greeted_customer_id`."""
    for name, column in model._meta.fields_map.items():
        if isinstance(column, ForeignKeyFieldInstance) and str(column.model_name).endswith(".Customer"):
            return True
        if name in model._meta.fields_db_projection and (name == "customer_id" or name.endswith("_customer_id")):
            return True
    return False


def hooks_lacking(plugin: object, name: str) -> Sequence[str]:
    """The hooks that a plugin of this name needs and does not have, because its tables refer to customers: none is how it
    should be. Raises PluginError for what is no plugin."""
    plugins = plugins_on({name: plugin})
    app = next((app for app in plugins.apps if app.label == name), None)
    if app is None or not any(map(refers_to_customers, models_in(app.models))):
        return []
    needed = [hook for hook in ABOUT_CUSTOMERS if hasattr(hookspecs, hook)]
    return [hook for hook in needed if name not in plugins.implementing(hook)]
