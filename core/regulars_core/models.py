"""Every table of the core, for Tortoise's registry of models."""

from regulars_core.audit import Audit
from regulars_core.bulk.models import BulkJob
from regulars_core.customers.erasure.models import Erasure
from regulars_core.customers.merge.models import (
    CustomerMerge,
    CustomerMergeAbsorbed,
    CustomerMergeRow,
    CustomerMergeSnapshot,
)
from regulars_core.customers.models import (
    CodeBlock,
    Customer,
    CustomerAddress,
    CustomerGroupChange,
    CustomerNote,
    CustomerStats,
    CustomerTag,
    CustomerText,
    RecentText,
    RecentTextSpan,
)
from regulars_core.events.models import Journal, JournalAhead, JournalCursor
from regulars_core.groups.models import CustomerGroup
from regulars_core.idempotency import IdempotencyKey
from regulars_core.jobs.leases import JobLease
from regulars_core.keys.models import ApiKey, KeyBinding, Role
from regulars_core.purchases.models import (
    Payment,
    Purchase,
    PurchaseLine,
    PurchaseReassignment,
    PurchaseReceipt,
    Refund,
    RefundLine,
    RefundPayment,
)
from regulars_core.stores.models import Store

__all__ = [
    "ApiKey",
    "Audit",
    "BulkJob",
    "CodeBlock",
    "Customer",
    "CustomerAddress",
    "CustomerGroup",
    "CustomerGroupChange",
    "CustomerMerge",
    "CustomerMergeAbsorbed",
    "CustomerMergeRow",
    "CustomerMergeSnapshot",
    "CustomerNote",
    "CustomerStats",
    "CustomerTag",
    "CustomerText",
    "Erasure",
    "IdempotencyKey",
    "JobLease",
    "Journal",
    "JournalAhead",
    "JournalCursor",
    "KeyBinding",
    "Payment",
    "Purchase",
    "PurchaseLine",
    "PurchaseReassignment",
    "PurchaseReceipt",
    "RecentText",
    "RecentTextSpan",
    "Refund",
    "RefundLine",
    "RefundPayment",
    "Role",
    "Store",
]
