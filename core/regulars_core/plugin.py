"""Everything of the core that a plugin may use. Whatever else is here may change without a word.

GraphQL is in `regulars_schema.plugin`; for tests there are `regulars_core.testing`, `regulars_schema.testing` and
`regulars_server.testing`.
"""

from regulars_core.audit import changed
from regulars_core.bulk.reads import BulkJobRow
from regulars_core.bulk.service import request_bulk_job
from regulars_core.bulk.tasks import BulkBatch, BulkStep, BulkTask
from regulars_core.customers.aliases import hold, survivors
from regulars_core.customers.changes import locked_customer
from regulars_core.customers.erasure.holdings import (
    AMOUNT,
    DERIVED,
    ERASED,
    ERASED_TEXT,
    FLAG,
    INNER,
    KEPT,
    QUANTITY,
    WHEN,
    Fate,
    Holding,
    Parts,
    counted_by,
    derived,
    erase_held,
    told_of,
)
from regulars_core.customers.merge.facts import Merge, MergeEffect, MergeForecast, PlannedMerge, StandingMerge
from regulars_core.customers.reads import GONE, CustomerRow, customers_by_ids, survivors_by_ids
from regulars_core.database import App, Database, Dialect, Guarded, Lookup, Precondition
from regulars_core.database.fields import IdField, InstantField, MinorUnitsField, QuantityField, TextKeyField
from regulars_core.events.ahead import told_later
from regulars_core.events.consumers import consumer
from regulars_core.events.journal import JournalEntry
from regulars_core.groups.reads import GroupRow, groups_by_ids
from regulars_core.jobs.jobs import Job
from regulars_core.plugins.host import Plugins, hookimpl, hookspec
from regulars_core.plugins.order import PluginOrder
from regulars_core.plugins.owners import Owners, PluginError
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import (
    DAY_MS,
    LATEST,
    NEVER,
    Instant,
    day_and_minute,
    day_of,
    instant_of,
    moment,
    now,
    printed,
    start_of,
)
from regulars_core.primitives.errors import BadInput, Forbidden, Malformed, Problem, Refused
from regulars_core.primitives.ids import MAIN_STORE_ID, new_id
from regulars_core.primitives.money import Money, decimal_text, divided_half_up, exponent_of, spread, to_minor
from regulars_core.primitives.text import camel
from regulars_core.purchases.baskets import Adjustment, Basket, BasketLine, BasketOutline, Declined, Quote
from regulars_core.purchases.histories import (
    completed,
    fact_of,
    lifetimes,
    lookup_lifetimes,
    lookup_purchase_facts,
    purchase_facts,
    purchase_facts_from,
)
from regulars_core.purchases.quotes import Quoted, quote
from regulars_core.purchases.reads import PurchaseRow, RefundRow, purchases_by_ids, refunds_by_ids
from regulars_core.purchases.recorded import PurchaseOutline, ReassignedPurchase, RecordedPurchase, RecordedRefund
from regulars_core.queries.inserts import MIN_COPY_ROWS, insert, inserting
from regulars_core.queries.locks import lock
from regulars_core.queries.pages import NOW, Once, Order, Page, SortKey, Window
from regulars_core.queries.relations import Relation, RowShape
from regulars_core.queries.rows import Readable, by_ids, pages_of
from regulars_core.queries.where import Condition, Leaf, Values, Where, compared, exists_in
from regulars_core.rules.facts import CustomerFact, Lifetime, LineFact, PurchaseFact
from regulars_core.rules.kinds import NoSettings, RuleKind
from regulars_core.rules.laws import broken_law, random_purchases
from regulars_core.rules.registry import RuleKinds, rule_kinds
from regulars_core.rules.settings import MinorUnits, settings_from
from regulars_core.shop.actors import Actor
from regulars_core.shop.codes import CodeSeries
from regulars_core.shop.commands import in_shop
from regulars_core.shop.permissions import Permission
from regulars_core.shop.shop import Shop
from regulars_core.start import configured, opened, plugins_on, plugins_wanted
from regulars_core.verification import Verification

__all__ = [
    "AMOUNT",
    "DAY_MS",
    "DERIVED",
    "ERASED",
    "ERASED_TEXT",
    "FLAG",
    "GONE",
    "INNER",
    "KEPT",
    "LATEST",
    "MAIN_STORE_ID",
    "MIN_COPY_ROWS",
    "NEVER",
    "NOW",
    "QUANTITY",
    "WHEN",
    "Actor",
    "Adjustment",
    "App",
    "BadInput",
    "Basket",
    "BasketLine",
    "BasketOutline",
    "BulkBatch",
    "BulkJobRow",
    "BulkStep",
    "BulkTask",
    "Checks",
    "CodeSeries",
    "Condition",
    "CustomerFact",
    "CustomerRow",
    "Database",
    "Declined",
    "Dialect",
    "Fate",
    "Forbidden",
    "GroupRow",
    "Guarded",
    "Holding",
    "IdField",
    "Instant",
    "InstantField",
    "Job",
    "JournalEntry",
    "Leaf",
    "Lifetime",
    "LineFact",
    "Lookup",
    "Malformed",
    "Merge",
    "MergeEffect",
    "MergeForecast",
    "MinorUnits",
    "MinorUnitsField",
    "Money",
    "NoSettings",
    "Once",
    "Order",
    "Owners",
    "Page",
    "Parts",
    "Permission",
    "PlannedMerge",
    "PluginError",
    "PluginOrder",
    "Plugins",
    "Precondition",
    "Problem",
    "PurchaseFact",
    "PurchaseOutline",
    "PurchaseRow",
    "QuantityField",
    "Quote",
    "Quoted",
    "Readable",
    "ReassignedPurchase",
    "RecordedPurchase",
    "RecordedRefund",
    "RefundRow",
    "Refused",
    "Relation",
    "RowShape",
    "RuleKind",
    "RuleKinds",
    "Shop",
    "SortKey",
    "StandingMerge",
    "TextKeyField",
    "Values",
    "Verification",
    "Where",
    "Window",
    "broken_law",
    "by_ids",
    "camel",
    "changed",
    "compared",
    "completed",
    "configured",
    "consumer",
    "counted_by",
    "customers_by_ids",
    "day_and_minute",
    "day_of",
    "decimal_text",
    "derived",
    "divided_half_up",
    "erase_held",
    "exists_in",
    "exponent_of",
    "fact_of",
    "groups_by_ids",
    "hold",
    "hookimpl",
    "hookspec",
    "in_shop",
    "insert",
    "inserting",
    "instant_of",
    "lifetimes",
    "lock",
    "locked_customer",
    "lookup_lifetimes",
    "lookup_purchase_facts",
    "moment",
    "new_id",
    "now",
    "opened",
    "pages_of",
    "plugins_on",
    "plugins_wanted",
    "printed",
    "purchase_facts",
    "purchase_facts_from",
    "purchases_by_ids",
    "quote",
    "random_purchases",
    "refunds_by_ids",
    "request_bulk_job",
    "rule_kinds",
    "settings_from",
    "spread",
    "start_of",
    "survivors",
    "survivors_by_ids",
    "to_minor",
    "told_later",
    "told_of",
]
