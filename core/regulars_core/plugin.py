"""Everything of the core that a plugin may use. Whatever else is here may change without a word.

GraphQL is in `regulars_schema.plugin`; for tests there are `regulars_core.testing`, `regulars_schema.testing` and
`regulars_server.testing`.
"""

from regulars_core.audit import changed
from regulars_core.customers.changes import locked_customer
from regulars_core.customers.reads import CustomerRow, customers_by_ids
from regulars_core.database import App, Database, Dialect, Lookup
from regulars_core.database.fields import IdField, InstantField, MinorUnitsField, QuantityField, TextKeyField
from regulars_core.jobs.jobs import Job
from regulars_core.plugins.host import Plugins, hookimpl, hookspec
from regulars_core.plugins.owners import Owners, PluginError
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import DAY_MS, LATEST, NEVER, Instant, day_of, instant_of, now, printed, start_of
from regulars_core.primitives.errors import BadInput, Forbidden, Malformed, Problem, Refused
from regulars_core.primitives.ids import MAIN_STORE_ID, new_id
from regulars_core.primitives.money import Money, decimal_text, divided_half_up, exponent_of, spread, to_minor
from regulars_core.primitives.text import camel
from regulars_core.purchases.reads import PurchaseRow, RefundRow, purchases_by_ids, refunds_by_ids
from regulars_core.queries.inserts import MIN_COPY_ROWS, insert, inserting
from regulars_core.queries.locks import lock
from regulars_core.queries.pages import NOW, Once, Order, Page, SortKey, Window
from regulars_core.queries.relations import Relation, RowShape
from regulars_core.queries.rows import Readable, by_ids, pages_of
from regulars_core.queries.where import Condition, Leaf, Values, Where, compared, exists_in
from regulars_core.shop.actors import Actor
from regulars_core.shop.codes import CodeSeries
from regulars_core.shop.commands import in_shop
from regulars_core.shop.permissions import Permission
from regulars_core.shop.shop import Shop
from regulars_core.start import configured, opened, plugins_on, plugins_wanted
from regulars_core.verification import Verification

__all__ = [
    "DAY_MS",
    "LATEST",
    "MAIN_STORE_ID",
    "MIN_COPY_ROWS",
    "NEVER",
    "NOW",
    "Actor",
    "App",
    "BadInput",
    "Checks",
    "CodeSeries",
    "Condition",
    "CustomerRow",
    "Database",
    "Dialect",
    "Forbidden",
    "IdField",
    "Instant",
    "InstantField",
    "Job",
    "Leaf",
    "Lookup",
    "Malformed",
    "MinorUnitsField",
    "Money",
    "Once",
    "Order",
    "Owners",
    "Page",
    "Permission",
    "PluginError",
    "Plugins",
    "Problem",
    "PurchaseRow",
    "QuantityField",
    "Readable",
    "RefundRow",
    "Refused",
    "Relation",
    "RowShape",
    "Shop",
    "SortKey",
    "TextKeyField",
    "Values",
    "Verification",
    "Where",
    "Window",
    "by_ids",
    "camel",
    "changed",
    "compared",
    "configured",
    "customers_by_ids",
    "day_of",
    "decimal_text",
    "divided_half_up",
    "exists_in",
    "exponent_of",
    "hookimpl",
    "hookspec",
    "in_shop",
    "insert",
    "inserting",
    "instant_of",
    "lock",
    "locked_customer",
    "new_id",
    "now",
    "opened",
    "pages_of",
    "plugins_on",
    "plugins_wanted",
    "printed",
    "purchases_by_ids",
    "refunds_by_ids",
    "spread",
    "start_of",
    "to_minor",
]
