"""Everything of the core that a plugin may use. Whatever else is here may change without a word.

GraphQL is in `regulars_schema.plugin`; for tests there are `regulars_core.testing`, `regulars_schema.testing` and
`regulars_server.testing`.
"""

from regulars_core.audiences.answers import (
    AudienceAnswers,
    audience_answers,
    audience_lookups,
    read_audiences,
)
from regulars_core.audiences.leaves import Audience, AudienceFacts, AudienceLeaf, CustomerMoment, Holds
from regulars_core.audiences.named import SEGMENT, check_segments, hold_segments
from regulars_core.audiences.owned import Owned, owned_by
from regulars_core.audiences.registry import has_past
from regulars_core.audiences.trees import leaves_in
from regulars_core.audit import changed
from regulars_core.audit import writing as audit_entry
from regulars_core.bulk.needs import needs_of
from regulars_core.bulk.reads import BulkJobRow
from regulars_core.bulk.service import needs_too, refuse_too_many, request_bulk_job
from regulars_core.bulk.tasks import BulkBatch, BulkStep, BulkTask, WholeJob
from regulars_core.bulk.worker import note as note_progress
from regulars_core.customers.aliases import hold, survivors
from regulars_core.customers.changes import locked_customer
from regulars_core.customers.erasure.claims import Claim
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
from regulars_core.customers.filters import not_gone
from regulars_core.customers.merge.as_of import survivors_then
from regulars_core.customers.merge.facts import Merge, MergeEffect, MergeForecast, Moved, PlannedMerge, StandingMerge
from regulars_core.customers.reads import GONE, CustomerRow, customers_by_ids, lookup_survivors, survivors_by_ids
from regulars_core.database import App, Database, Dialect, Guarded, Lookup, Overtaken, Precondition, Sought
from regulars_core.database.fields import IdField, InstantField, MinorUnitsField, QuantityField, TextKeyField
from regulars_core.events.ahead import told_later
from regulars_core.events.consumers import consumer
from regulars_core.events.journal import JournalEntry
from regulars_core.exports.columns import Cell, ExportBatch, ExportColumn, ExportColumns
from regulars_core.exports.csv_text import CSV, rows_written
from regulars_core.exports.tasks import refuse_who_lost
from regulars_core.files.exports import Taken, log_export
from regulars_core.files.storage import remove_of_jobs, write_whole
from regulars_core.groups.reads import GroupRow, groups_by_ids
from regulars_core.health import Check, Look
from regulars_core.jobs.jobs import Job
from regulars_core.keys.authentication import actor_of_key
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
    day_and_time,
    day_of,
    instant_at,
    instant_of,
    moment,
    now,
    printed,
    start_of,
)
from regulars_core.primitives.errors import BadInput, Forbidden, Malformed, Problem, Questioned, Refused
from regulars_core.primitives.ids import MAIN_STORE_ID, is_id, new_id
from regulars_core.primitives.money import (
    CurrencyCode,
    Money,
    decimal_text,
    divided_half_up,
    exponent_of,
    spread,
    to_minor,
)
from regulars_core.primitives.text import camel, name_key
from regulars_core.purchases.baskets import (
    Adjustment,
    Basket,
    BasketLine,
    BasketOutline,
    Declined,
    Outdated,
    Quote,
    Quoted,
)
from regulars_core.purchases.figures.calendar import hour, month, shown_time, weekday
from regulars_core.purchases.figures.divisions import LINE_LEFT, Division, Part
from regulars_core.purchases.figures.rollups.ranges import (
    RangePart,
    range_parts,
    range_series,
    range_sums,
    range_taken_off,
)
from regulars_core.purchases.figures.spans import Span
from regulars_core.purchases.figures.sums import NOT_VOIDED, SPENT
from regulars_core.purchases.histories import (
    completed,
    completed_from,
    fact_of,
    lifetimes,
    lookup_completions,
    lookup_latest_purchases,
    lookup_lifetimes,
    lookup_purchase_facts,
    purchase_facts,
    purchase_facts_from,
    refunds_of,
)
from regulars_core.purchases.payments.payment_rows import PaymentRow, refund_payments_of
from regulars_core.purchases.quotes import quote
from regulars_core.purchases.reads import PurchaseRow, RefundLineRow, RefundRow, purchases_by_ids, refunds_by_ids
from regulars_core.purchases.recorded import (
    PurchaseOutline,
    ReassignedPurchase,
    RecordedPayment,
    RecordedPurchase,
    RecordedRefund,
    as_if_sold,
    recorded_by_ids,
)
from regulars_core.purchases.recorded import as_recorded as recorded_before_refunds
from regulars_core.purchases.regulars.latest import COUNTED
from regulars_core.purchases.sales.details import past_sales, read_details
from regulars_core.purchases.sales.returned import return_state
from regulars_core.purchases.sales.sales import sale_of
from regulars_core.queries.inserts import MIN_COPY_ROWS, insert, inserting
from regulars_core.queries.kept_conditions import kept as kept_where
from regulars_core.queries.kept_conditions import read_kept as where_kept
from regulars_core.queries.locks import lock, lock_where
from regulars_core.queries.pace import Pace
from regulars_core.queries.pages import NOW, Once, Order, Page, SortKey, Window
from regulars_core.queries.relations import Relation, RowShape
from regulars_core.queries.rows import Readable, by_ids, by_owner, page, pages_of, query_listed
from regulars_core.queries.where import Condition, Leaf, Values, Where, compared, exists_in
from regulars_core.queries.words import Word
from regulars_core.rules.explanations import RuleExplanation, RuleFigure, RuleOutcome, SkipReason
from regulars_core.rules.facts import CustomerFact, Lifetime, LineFact, PurchaseFact
from regulars_core.rules.kinds import NoSettings, RuleKind
from regulars_core.rules.laws import first_broken
from regulars_core.rules.laws import is_timed as is_timed_law
from regulars_core.rules.mistakes import mistakes_in
from regulars_core.rules.points import MAX_POINTS, PointsRuleKind
from regulars_core.rules.registry import RuleKinds, rule_kinds
from regulars_core.rules.returns import ReturnState, eligible_back, part_back, taken_back
from regulars_core.rules.rewards import RewardKind
from regulars_core.rules.sale_laws import left_after_returns, sale_like, with_fewer_lines
from regulars_core.rules.sales import (
    EarnOn,
    Given,
    Number,
    PaidWith,
    Sale,
    SaleDetails,
    SaleLine,
    Tax,
)
from regulars_core.rules.settings import MinorUnits, settings_from
from regulars_core.rules.shop_rules import checked_rule, kept_rule, shown_rule, usable_rule
from regulars_core.rules.simulations import RuleSimulation, SimulationTotals
from regulars_core.rules.stored import RuleData, RuleSetting, ShownRule, StoredRule, UsableRule
from regulars_core.rules.tried_purchases import random_purchases
from regulars_core.samples import PastPurchases
from regulars_core.shop.actors import Actor, operator
from regulars_core.shop.codes import CodeSeries
from regulars_core.shop.commands import in_shop
from regulars_core.shop.current_actor import acting, acting_as
from regulars_core.shop.permissions import Permission
from regulars_core.shop.shop import Shop
from regulars_core.shop.surcharges import surcharge
from regulars_core.start import configured, opened, plugins_on, plugins_wanted
from regulars_core.stores.reads import StoreRow, stores_by_ids
from regulars_core.verification import Verification, told_progress

__all__ = [
    "AMOUNT", "COUNTED", "CSV", "DAY_MS", "DERIVED", "ERASED", "ERASED_TEXT", "FLAG", "GONE", "INNER", "KEPT", "LATEST",
    "LINE_LEFT", "MAIN_STORE_ID", "MAX_POINTS", "MIN_COPY_ROWS", "NEVER", "NOT_VOIDED", "NOW", "QUANTITY", "SEGMENT",
    "SPENT", "WHEN", "Actor", "Adjustment", "App", "Audience", "AudienceAnswers", "AudienceFacts", "AudienceLeaf",
    "BadInput", "Basket", "BasketLine", "BasketOutline", "BulkBatch", "BulkJobRow", "BulkStep", "BulkTask", "Cell",
    "Check", "Checks", "Claim", "CodeSeries", "Condition", "CurrencyCode", "CustomerFact", "CustomerMoment",
    "CustomerRow", "Database", "Declined", "Dialect", "Division", "EarnOn", "ExportBatch", "ExportColumn",
    "ExportColumns", "Fate", "Forbidden", "Given", "GroupRow", "Guarded", "Holding", "Holds", "IdField", "Instant",
    "InstantField", "Job", "JournalEntry", "Leaf", "Lifetime", "LineFact", "Look", "Lookup", "Malformed", "Merge",
    "MergeEffect", "MergeForecast", "MinorUnits", "MinorUnitsField", "Money", "Moved", "NoSettings", "Number", "Once",
    "Order", "Outdated", "Overtaken", "Owned", "Owners", "Pace", "Page", "PaidWith", "Part", "Parts", "PastPurchases",
    "PaymentRow", "Permission", "PlannedMerge", "PluginError", "PluginOrder", "Plugins", "PointsRuleKind",
    "Precondition", "Problem", "PurchaseFact", "PurchaseOutline", "PurchaseRow", "QuantityField", "Questioned", "Quote",
    "Quoted", "RangePart", "Readable", "ReassignedPurchase", "RecordedPayment", "RecordedPurchase", "RecordedRefund",
    "RefundLineRow", "RefundRow", "Refused", "Relation", "ReturnState", "RewardKind", "RowShape", "RuleData",
    "RuleExplanation", "RuleFigure", "RuleKind", "RuleKinds", "RuleOutcome", "RuleSetting", "RuleSimulation", "Sale",
    "SaleDetails", "SaleLine", "Shop", "ShownRule", "SimulationTotals", "SkipReason", "SortKey", "Sought", "Span",
    "StandingMerge", "StoreRow", "StoredRule", "Taken", "Tax", "TextKeyField", "UsableRule", "Values", "Verification",
    "Where", "WholeJob", "Window", "Word", "acting", "acting_as", "actor_of_key", "as_if_sold", "audience_answers",
    "audience_lookups", "audit_entry", "by_ids", "by_owner", "camel", "changed", "check_segments", "checked_rule",
    "compared", "completed", "completed_from", "configured", "consumer", "counted_by", "customers_by_ids",
    "day_and_minute", "day_and_time", "day_of", "decimal_text", "derived", "divided_half_up", "eligible_back",
    "erase_held", "exists_in", "exponent_of", "fact_of", "first_broken", "groups_by_ids", "has_past", "hold",
    "hold_segments", "hookimpl", "hookspec", "hour", "in_shop", "insert", "inserting", "instant_at", "instant_of",
    "is_id", "is_timed_law", "kept_rule", "kept_where", "leaves_in", "left_after_returns", "lifetimes", "lock",
    "lock_where", "locked_customer", "log_export", "lookup_completions", "lookup_latest_purchases", "lookup_lifetimes",
    "lookup_purchase_facts", "lookup_survivors", "mistakes_in", "moment", "month", "name_key", "needs_of", "needs_too",
    "new_id", "not_gone", "note_progress", "now", "opened", "operator", "owned_by", "page", "pages_of", "part_back",
    "past_sales", "plugins_on", "plugins_wanted", "printed", "purchase_facts", "purchase_facts_from",
    "purchases_by_ids", "query_listed", "quote", "random_purchases", "range_parts", "range_series", "range_sums",
    "range_taken_off", "read_audiences", "read_details", "recorded_before_refunds", "recorded_by_ids",
    "refund_payments_of", "refunds_by_ids", "refunds_of", "refuse_too_many", "refuse_who_lost", "remove_of_jobs",
    "request_bulk_job", "return_state", "rows_written", "rule_kinds", "sale_like", "sale_of", "settings_from",
    "shown_rule", "shown_time", "spread", "start_of", "stores_by_ids", "surcharge", "survivors", "survivors_by_ids",
    "survivors_then", "taken_back", "to_minor", "told_later", "told_of", "told_progress", "usable_rule", "weekday",
    "where_kept", "with_fewer_lines", "write_whole",
]  # fmt: skip
