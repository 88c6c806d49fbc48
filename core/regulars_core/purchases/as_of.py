"""Purchases as they were when a plugin that is told later what it missed would have been told: without what lies ahead of it.

The tables are as they are now, and `journal_ahead` has what came after a position: purchases that were not recorded yet, refunds
that were not made or not undone yet, voids, and purchases that were given to others. What was paid later of what was due moves
nothing here. Every query takes the customers, the plugin and the position as its first three values.
"""

from regulars_core.database import Dialect
from regulars_core.events.ahead import PAID, REASSIGNED, RECORDED, REFUNDED, UNDONE, VOIDED
from regulars_core.purchases.reads import LINE_STANDS
from regulars_core.purchases.reads import STANDS as REFUND_STANDS

CUSTOMERS, PLUGIN, POSITION = 1, 2, 3
"""The numbers of the values."""


# The first time that it was taken from the customer, and from another.
_GIVEN, _GOT = (
    f"min(CASE WHEN kind = '{REASSIGNED}' AND row_id {is_theirs} customer_id THEN position END)"
    for is_theirs in ("=", "<>")
)


def later(dialect: Dialect) -> str:
    """What came later of each purchase that ever was of these customers: `new` if it was not recorded yet, `undone` if it was not
    voided yet, how many `refunds` were not made, and what they gave `back`, less what those had given that were not undone yet;
    `theirs` says whether it was the customer's then, null where it was given to nobody else since."""
    return (
        "SELECT customer_id, purchase_id, CAST(sum(amount) AS BIGINT) AS back,"
        f" {_number_of(RECORDED)} AS new, {_number_of(VOIDED)} AS undone, {_number_of(REFUNDED)} AS refunds,"
        f" CASE WHEN {_GIVEN} IS NULL AND {_GOT} IS NULL THEN NULL WHEN {_GOT} IS NULL OR {_GIVEN} < {_GOT} THEN 1 ELSE 0 END"
        " AS theirs"
        f" FROM journal_ahead WHERE plugin = ${PLUGIN} AND position > ${POSITION}"
        f" AND kind <> '{PAID}' AND {dialect.among('customer_id', CUSTOMERS)} GROUP BY customer_id, purchase_id"
    )


def _number_of(kind: str) -> str:
    return f"CAST(sum(CASE kind WHEN '{kind}' THEN 1 ELSE 0 END) AS BIGINT)"


# Of a purchase `p`, and `a`, what came later of it if anything did.
STANDS = (
    "(CASE WHEN a.purchase_id IS NULL THEN p.status <> 'VOIDED'"
    " ELSE a.new = 0 AND (a.undone > 0 OR p.status <> 'VOIDED') END)"
)
"""Whether it was recorded already and not voided."""
NET = "(p.total - p.refunded + coalesce(a.back, 0))"
"""What was paid less what had been given back."""


def made_by_then(plugin: int, position: int) -> str:
    """Whether the refund of a line `r` of the purchase of line `l` was made by then, and not undone; the numbers of these two
    values."""
    later = (
        f"EXISTS (SELECT 1 FROM journal_ahead j WHERE j.purchase_id = l.purchase_id AND j.plugin = ${plugin}"
        f" AND j.position > ${position} AND j.row_id = r.refund_id AND j.kind = "
    )
    return f"NOT {later}'{REFUNDED}') AND ({LINE_STANDS} OR {later}'{UNDONE}'))"


def refund_made_by_then(plugin: int, position: int) -> str:
    """Whether a refund `f` was made by then, and not undone; the numbers of these two values."""
    later = (
        f"EXISTS (SELECT 1 FROM journal_ahead j WHERE j.purchase_id = f.purchase_id AND j.plugin = ${plugin}"
        f" AND j.position > ${position} AND j.row_id = f.id AND j.kind = "
    )
    return f"NOT {later}'{REFUNDED}') AND ({REFUND_STANDS} OR {later}'{UNDONE}'))"


_BACK_THEN = f"FROM refund_line r WHERE r.line_id = l.id AND {made_by_then(PLUGIN, POSITION)}"
# The same as `refundable.is_refunded_whole`.
_NOTHING_LEFT = (
    "((p.total > 0 AND p.refunded - a.back = p.total) OR"
    " (EXISTS (SELECT 1 FROM purchase_line l WHERE l.purchase_id = p.id AND l.quantity >= 0)"
    " AND NOT EXISTS (SELECT 1 FROM purchase_line l WHERE l.purchase_id = p.id AND l.quantity >= 0"
    f" AND (l.quantity <> (SELECT coalesce(sum(r.quantity), 0) {_BACK_THEN})"
    f" OR NOT EXISTS (SELECT 1 {_BACK_THEN})))))"
)
STATUS = f"(CASE WHEN a.purchase_id IS NULL THEN p.status WHEN {_NOTHING_LEFT} THEN 'REFUNDED' ELSE 'PAID' END)"
"""Whether anything was left of it: REFUNDED if not."""


_IS_THEIRS = "(CASE WHEN p.customer_id = a.customer_id THEN TRUE ELSE FALSE END)"
_WAS_THEIRS = f"(CASE a.theirs WHEN 1 THEN TRUE WHEN 0 THEN FALSE ELSE {_IS_THEIRS} END)"
STILL_THEIRS = "coalesce(a.theirs, 1) = 1"
"""Whether what is the customer's now was so then, too."""
WAS_ANOTHERS_SINCE = f"a.theirs = 1 AND NOT {_IS_THEIRS}"
"""Whether it was the customer's of `a` then, and is another's or nobody's now."""


def lifetimes(dialect: Dialect) -> str:
    """(customer, spent, count, activity) of each of these customers: the statistics without what came later."""
    now = f"CASE WHEN {_IS_THEIRS} AND p.status <> 'VOIDED' THEN p.total - p.refunded ELSE 0 END"
    counted = "p.status IN ('PAID', 'PARTIALLY_REFUNDED') AND p.total >= 0"
    counts_now = f"CASE WHEN {_IS_THEIRS} AND {counted} THEN 1 ELSE 0 END"
    then = f"CASE WHEN {_WAS_THEIRS} AND {STANDS} THEN {NET} ELSE 0 END"
    counted_then = f"CASE WHEN {_WAS_THEIRS} AND {STANDS} AND {STATUS} <> 'REFUNDED' AND p.total >= 0 THEN 1 ELSE 0 END"
    return (
        f"WITH later AS ({later(dialect)}), more AS (SELECT a.customer_id, sum({now} - {then}) AS spent,"
        f" sum({counts_now} - {counted_then}) AS number FROM later a JOIN purchase p ON p.id = a.purchase_id"
        " GROUP BY a.customer_id) SELECT s.customer_id, CAST(s.total_spent - coalesce(m.spent, 0) AS BIGINT),"
        " CAST(s.purchase_count - coalesce(m.number, 0) AS BIGINT), s.activity FROM customer_stats s"
        f" LEFT JOIN more m ON m.customer_id = s.customer_id WHERE {dialect.among('s.customer_id', CUSTOMERS)}"
        " ORDER BY s.customer_id"
    )
