"""Every table of the core, for Tortoise's registry of models."""

from regulars_core.audit import Audit
from regulars_core.bulk.models import BulkJob
from regulars_core.customers.attributes.models import CustomerAttribute, CustomerAttributeDefinition
from regulars_core.customers.consents.models import Consent, ConsentInForce
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
    NameSpelling,
    RecentText,
    RecentTextSpan,
)
from regulars_core.customers.pairs.models import DuplicateDismissal, DuplicateDue, DuplicateKey, DuplicatePair
from regulars_core.customers.verifications.models import CustomerVerification
from regulars_core.events.models import Journal, JournalAhead, JournalCursor
from regulars_core.files.models import ExportEntry, ExportFetch, FileLink, FilePiece, StoredFile, Upload
from regulars_core.groups.models import CustomerGroup
from regulars_core.idempotency import IdempotencyKey
from regulars_core.jobs.leases import JobLease
from regulars_core.keys.models import ApiKey, KeyBinding, Role
from regulars_core.purchases.figures.rollups.models import Rollup, RollupDue, RollupState
from regulars_core.purchases.models import (
    Payment,
    Purchase,
    PurchaseLine,
    PurchaseReassignment,
    PurchaseReceipt,
    Refund,
    RefundLine,
    RefundPayment,
    RegularCount,
)
from regulars_core.segments.models import Segment, SegmentVersion
from regulars_core.stores.models import Store

__all__ = [
    "ApiKey",
    "Audit",
    "BulkJob",
    "CodeBlock",
    "Consent",
    "ConsentInForce",
    "Customer",
    "CustomerAddress",
    "CustomerAttribute",
    "CustomerAttributeDefinition",
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
    "CustomerVerification",
    "DuplicateDismissal",
    "DuplicateDue",
    "DuplicateKey",
    "DuplicatePair",
    "Erasure",
    "ExportEntry",
    "ExportFetch",
    "FileLink",
    "FilePiece",
    "IdempotencyKey",
    "JobLease",
    "Journal",
    "JournalAhead",
    "JournalCursor",
    "KeyBinding",
    "NameSpelling",
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
    "RegularCount",
    "Role",
    "Rollup",
    "RollupDue",
    "RollupState",
    "Segment",
    "SegmentVersion",
    "Store",
    "StoredFile",
    "Upload",
]
