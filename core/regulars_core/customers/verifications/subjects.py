"""What can be verified of a customer, and when it holds. Pure.

It holds if it was found right, has not expired, nothing later says otherwise, and what it was about is unchanged since.
"""

from collections.abc import Sequence

from regulars_core.queries.where import Condition, LeafSql, Values

AGE = "AGE"
SUBJECTS = (AGE, "EMAIL", "IDENTITY", "MEDICAL_CARD", "PHONE", "TAX_ID")
ABOUT = {AGE: "birth_date", "EMAIL": "email", "PHONE": "phone", "TAX_ID": "tax_key"}
"""The column of the customer that a verification is about. Somebody's age may be known by sight, without a date."""
NEEDED = ("EMAIL", "PHONE", "TAX_ID")
"""What must be there for its verification to hold."""

OWNER = "coalesce(a.merged_into_id, a.id)"
OF_OWNERS = f"customer_verification v JOIN customer a ON a.id = v.customer_id JOIN customer o ON o.id = {OWNER}"
"""Verifications `v` with the record `a` of which they were written and the customer `o` to whom that leads."""
_NEEDED = ", ".join(f"'{subject}'" for subject in NEEDED)


def holds(today: str, owner: str = "o") -> str:
    """The condition that a verification `v` of an owner, as in `OF_OWNERS`, holds, where this placeholder is today."""
    column = " ".join(f"WHEN '{subject}' THEN {owner}.{column}" for subject, column in ABOUT.items())
    unchanged = (
        f"CASE WHEN v.about IS NULL THEN v.subject NOT IN ({_NEEDED}) ELSE v.about = CASE v.subject {column} END END"
    )
    later = (
        "SELECT 1 FROM customer_verification w JOIN customer b ON b.id = w.customer_id"
        f" WHERE (b.id = {owner}.id OR b.merged_into_id = {owner}.id) AND w.subject = v.subject AND NOT w.is_passed"
        " AND (w.at, w.id) > (v.at, v.id)"
    )
    return (
        f"v.is_passed AND (v.valid_until IS NULL OR v.valid_until >= {today}) AND {unchanged} AND NOT EXISTS ({later})"
    )


def _verified(conditions: Sequence[Condition], values: Values) -> str:
    """Of whom one of these subjects is verified, on a day: asked of each by itself, so that a page ends when it is full."""
    [(_, (today, subjects))] = conditions
    among = values.among("v.subject", subjects)
    holding = f"{among} AND {holds(values.bind(today), 'c')}"
    # of whom anything is written down at all is found by the index of subjects: few, where few were looked at
    written = f"SELECT {OWNER} FROM customer_verification v JOIN customer a ON a.id = v.customer_id WHERE {among}"
    own = f"SELECT 1 FROM customer_verification v WHERE v.customer_id = c.id AND c.merged_into_id IS NULL AND {holding}"
    merged = (
        "SELECT 1 FROM customer a JOIN customer_verification v ON v.customer_id = a.id"
        f" WHERE a.merged_into_id = c.id AND {holding}"
    )
    return f"c.id IN ({written}) AND (EXISTS ({own}) OR EXISTS ({merged}))"


verified: LeafSql = _verified
"""A leaf over what is verified; it takes one condition: today, and the subjects."""
