"""Every place where a plugin may join in.

A hook's colour is in its signature. `def` under a name that begins with `regulars_` is a declaration: called when the
application is put together. `async def` is an event: awaited inside the transaction of whoever changed something, one plugin
after another, so what a plugin writes stands or falls with the change. An event that raises Refused undoes the change and is
told to the caller; the batch of an import is then run again row by row.

Any other `def` is a question: called whenever somebody asks it, and pure. It answers from its arguments alone, the same to
the same, and neither reads, writes nor waits. The first half of an event, `…_lookups`, is one, and so is what is asked before
a sale: `baskets_quoted`; whom a purchase concerns, `purchases_concern`; and how urgent somebody is, `customers_priority`.

Events bring a sequence: one row from a mutation, a thousand from an import. A plugin that was off is told later, once, of
what it missed: one event after another, with what was written of purchases then, by the clock of then (`now`). Customers are in
the group in which they were, and otherwise as they are by that time. Other plugins that missed the same are told with it, in
their order. Tables are ahead of it; histories are read by `purchase_facts` and `lifetimes`, which are not.

`extras` are what inputs carried in the fields that the plugin has added to them (`Contribution.inputs`): one mapping for
each row, in the same order, from the name of a field to its value. A field that was absent is not in it, one that was null
is None; every plugin sees its own alone. They are empty in an import, for a customer who is registered at the till along
with a purchase, and where a plugin is told later of what it missed: the journal keeps ids and nothing that was typed. A
value that cannot be is refused with a path beginning at the field: `Problem("OUT_OF_RANGE", "…", ("remindDaysBefore",))`.

`moments` are when each of them happened, which is `now` while things happen. Whoever takes them goes by them instead of `now`,
and promises that what it does about a customer depends on this customer alone: what it missed of different customers it may
be told at once, which is several times as quick.

A hook takes as many of its arguments as it likes, by name.
"""

from collections.abc import Mapping
from operator import attrgetter

from regulars_core.customers.erasure.holders import ids_alone
from regulars_core.customers.merge.reads import done_then, merges_done, merges_undone, undone_then
from regulars_core.customers.reads import customers_by_ids, customers_then
from regulars_core.groups.reads import groups_by_ids
from regulars_core.hookspecs.declarations import (
    regulars_audiences,
    regulars_bulk_tasks,
    regulars_checks,
    regulars_claims,
    regulars_commands,
    regulars_export_columns,
    regulars_hookspecs,
    regulars_jobs,
    regulars_models,
    regulars_order,
    regulars_permissions,
    regulars_rules,
    regulars_schema,
    regulars_settings,
    regulars_verifications,
)
from regulars_core.hookspecs.erasure import customers_data, customers_erased, customers_referenced
from regulars_core.hookspecs.events import (
    customers_changed,
    customers_merged,
    customers_merging,
    customers_registered,
    customers_unmerged,
    customers_unmerging,
    groups_changed,
    groups_created,
    purchases_paid,
    purchases_paid_lookups,
    purchases_reassigned,
    purchases_reassigned_lookups,
    purchases_recorded,
    purchases_recorded_lookups,
    purchases_refunded,
    purchases_refunded_lookups,
    purchases_voided,
    purchases_voided_lookups,
    refunds_undone,
    refunds_undone_lookups,
)
from regulars_core.hookspecs.questions import (
    audiences_stored,
    audiences_stored_lookups,
    baskets_not_goods,
    baskets_quoted,
    baskets_quoted_lookups,
    baskets_told,
    customers_priority,
    customers_priority_lookups,
    purchases_concern,
    purchases_details_kept,
    purchases_details_kept_lookups,
    purchases_details_told,
)
from regulars_core.plugins.host import EventKind, hookimpl, hookspec
from regulars_core.purchases.recorded import (
    as_recorded,
    paid_then,
    reassigned_now,
    reassigned_then,
    recorded_by_ids,
    recorded_payments,
    recorded_refunds,
    recorded_then,
    refunds_then,
    voided_then,
)

__all__ = [
    "EVENTS",
    "audiences_stored",
    "audiences_stored_lookups",
    "baskets_not_goods",
    "baskets_quoted",
    "baskets_quoted_lookups",
    "baskets_told",
    "customers_changed",
    "customers_data",
    "customers_erased",
    "customers_merged",
    "customers_merging",
    "customers_priority",
    "customers_priority_lookups",
    "customers_referenced",
    "customers_registered",
    "customers_unmerged",
    "customers_unmerging",
    "groups_changed",
    "groups_created",
    "hookimpl",
    "hookspec",
    "purchases_concern",
    "purchases_details_kept",
    "purchases_details_kept_lookups",
    "purchases_details_told",
    "purchases_paid",
    "purchases_paid_lookups",
    "purchases_reassigned",
    "purchases_reassigned_lookups",
    "purchases_recorded",
    "purchases_recorded_lookups",
    "purchases_refunded",
    "purchases_refunded_lookups",
    "purchases_voided",
    "purchases_voided_lookups",
    "refunds_undone",
    "refunds_undone_lookups",
    "regulars_audiences",
    "regulars_bulk_tasks",
    "regulars_checks",
    "regulars_claims",
    "regulars_commands",
    "regulars_export_columns",
    "regulars_hookspecs",
    "regulars_jobs",
    "regulars_models",
    "regulars_order",
    "regulars_permissions",
    "regulars_rules",
    "regulars_schema",
    "regulars_settings",
    "regulars_verifications",
]

EVENTS: Mapping[str, EventKind] = {
    "customers_registered": EventKind("customers", customers_by_ids, read_then=customers_then),
    "customers_changed": EventKind("customers", customers_by_ids, read_then=customers_then),
    "customers_erased": EventKind("customers", ids_alone),
    "customers_merged": EventKind("merges", merges_done, read_then=done_then),
    "customers_unmerged": EventKind("merges", merges_undone, read_then=undone_then),
    "groups_created": EventKind("groups", groups_by_ids),
    "groups_changed": EventKind("groups", groups_by_ids),
    "purchases_recorded": EventKind(
        "purchases", as_recorded, attrgetter("outline"), read_then=recorded_then, asks_before=True
    ),
    "purchases_refunded": EventKind("refunds", recorded_refunds, read_then=refunds_then),
    "purchases_voided": EventKind("purchases", recorded_by_ids, read_then=voided_then),
    "purchases_paid": EventKind("payments", recorded_payments, read_then=paid_then),
    "refunds_undone": EventKind("refunds", recorded_refunds, read_then=refunds_then),
    "purchases_reassigned": EventKind(
        "purchases",
        reassigned_now,
        read_then=reassigned_then,
        beside={"before": attrgetter("before"), "after": attrgetter("customer_id")},
    ),
}
"""What each event of core's brings."""
