"""Everything of the schema that a plugin may use. Whatever else is here may change without a word.

What has nothing to do with GraphQL is in `regulars_core.plugin`.
"""

from regulars_schema.audiences.present import audiences_now, lookup_audiences_now
from regulars_schema.audiences.segments import lookup_segments_now, segments_as_remembered
from regulars_schema.audiences.stored import audience_of, audience_trees, may_read_leaf, shown_audiences
from regulars_schema.composition.contributions import (
    BreakdownBy,
    BreakdownKind,
    Contribution,
    Extension,
    FilterLeaf,
    InputField,
    Mutation,
    MutationCode,
    NodeKind,
    Query,
    SchemaConflict,
    SortField,
    VocabularyKind,
)
from regulars_schema.customers.inputs import CustomerCreateInput, CustomerUpdateInput
from regulars_schema.customers.mutations import CustomerPayload, customer_row
from regulars_schema.customers.types import Customer, CustomerGroup, CustomerOrderField, CustomerWhere
from regulars_schema.executor.pushdown import SqlField, sql_field
from regulars_schema.fields.declarations import batched, mutation, root
from regulars_schema.fields.doubts import each_settled
from regulars_schema.fields.filters import (
    AmountComparison,
    BigIntComparison,
    DayRangeInput,
    IdComparison,
    InstantComparison,
    IntComparison,
    TextComparison,
    amount_conditions,
    big_int_conditions,
    enum_conditions,
    flag_conditions,
    id_conditions,
    instant_conditions,
    int_conditions,
    on_days,
)
from regulars_schema.fields.nodes import Node, backed_by, in_every_store, in_order
from regulars_schema.fields.pagination import Connection, PageArguments, window, window_of
from regulars_schema.fields.store_scope import visible_purchases
from regulars_schema.fields.stored_trees import impersonal, needs_of_tree
from regulars_schema.fields.where_trees import GivenWhere, where_input
from regulars_schema.groups.mutations import CustomerGroupCreateInput, CustomerGroupUpdateInput
from regulars_schema.inputs.extensible import extras_of
from regulars_schema.inputs.idempotent import IdempotentInput, RequiredKeyInput, required_key
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.inputs.money import MoneyInput, minor_units
from regulars_schema.purchases.baskets import BasketInput, baskets_of
from regulars_schema.purchases.inputs import PaymentInput, PurchaseLineInput, PurchaseRecordInput
from regulars_schema.purchases.types import (
    Payment,
    Purchase,
    PurchaseLine,
    PurchaseOrderField,
    PurchaseWhere,
    Refund,
)
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload, UserError
from regulars_schema.request.permissions import guarded, requires
from regulars_schema.rules.explanations import RuleExplanation, RuleOutcome
from regulars_schema.rules.rule_types import Rule, RuleInput, rule_in
from regulars_schema.rules.simulations import AskedSimulation, RuleSimulation, asked_simulation, refused_as_bad_input
from regulars_schema.schema import build_schema, contributions_of, read_input, schema_in, schema_of
from regulars_schema.segments.members import trees_of
from regulars_schema.segments.types import Segment
from regulars_schema.shop.bulk_jobs import BulkJob
from regulars_schema.shop.shop import Shop
from regulars_schema.shop.store_lookup import IF_HEADQUARTERS, IF_UNNAMED, lookup_store, store_acted_in, stores_there
from regulars_schema.shop.stores import Store
from regulars_schema.types.ids import global_id, identified, key_of
from regulars_schema.types.money import Money
from regulars_schema.types.scalars import BigInt, CustomerFilter, EmailAddress, PhoneNumber

__all__ = [
    "IF_HEADQUARTERS",
    "IF_UNNAMED",
    "AmountComparison",
    "AskedSimulation",
    "BasketInput",
    "BigInt",
    "BigIntComparison",
    "BreakdownBy",
    "BreakdownKind",
    "BulkJob",
    "Connection",
    "Contribution",
    "Customer",
    "CustomerCreateInput",
    "CustomerFilter",
    "CustomerGroup",
    "CustomerGroupCreateInput",
    "CustomerGroupUpdateInput",
    "CustomerOrderField",
    "CustomerPayload",
    "CustomerUpdateInput",
    "CustomerWhere",
    "DayRangeInput",
    "EmailAddress",
    "Extension",
    "FilterLeaf",
    "GivenWhere",
    "IdComparison",
    "IdempotentInput",
    "InputField",
    "InstantComparison",
    "IntComparison",
    "Money",
    "MoneyInput",
    "Mutation",
    "MutationCode",
    "Node",
    "NodeKind",
    "PageArguments",
    "Payload",
    "Payment",
    "PaymentInput",
    "PhoneNumber",
    "Purchase",
    "PurchaseLine",
    "PurchaseLineInput",
    "PurchaseOrderField",
    "PurchaseRecordInput",
    "PurchaseWhere",
    "Query",
    "Refund",
    "RequestContext",
    "RequiredKeyInput",
    "Rule",
    "RuleExplanation",
    "RuleInput",
    "RuleOutcome",
    "RuleSimulation",
    "SchemaConflict",
    "Segment",
    "Shop",
    "SortField",
    "SqlField",
    "Store",
    "TextComparison",
    "UserError",
    "VocabularyKind",
    "amount_conditions",
    "asked_simulation",
    "audience_of",
    "audience_trees",
    "audiences_now",
    "backed_by",
    "baskets_of",
    "batched",
    "big_int_conditions",
    "build_schema",
    "contributions_of",
    "customer_row",
    "each_settled",
    "enum_conditions",
    "extras_of",
    "flag_conditions",
    "global_id",
    "guarded",
    "id_conditions",
    "identified",
    "impersonal",
    "in_every_store",
    "in_order",
    "instant_conditions",
    "int_conditions",
    "key_of",
    "lookup_audiences_now",
    "lookup_segments_now",
    "lookup_store",
    "may_read_leaf",
    "minor_units",
    "mutation",
    "needs_of_tree",
    "on_days",
    "read_input",
    "refused_as_bad_input",
    "required_key",
    "requires",
    "root",
    "rule_in",
    "schema_in",
    "schema_of",
    "segments_as_remembered",
    "shown_audiences",
    "sql_field",
    "store_acted_in",
    "stores_there",
    "trees_of",
    "value_or_none",
    "visible_purchases",
    "where_input",
    "window",
    "window_of",
]
