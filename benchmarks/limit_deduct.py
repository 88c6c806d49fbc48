"""The limit of taking store credit: one statement that does what `creditDeduct` does, of an account whose first lot suffices.
What is sent again under a key is not done again, and answered as the first time."""

import hashlib
from collections.abc import Mapping
from typing import Any

from regulars_core.primitives.clock import LATEST, now
from regulars_core.primitives.ids import new_id

DEDUCT = f"""
WITH known AS (SELECT digest, outcome FROM idempotency_key WHERE client = $10 AND key = $14),
account AS (
    SELECT * FROM loyalty_account WHERE customer_id = $1 AND unit = 'USD' AND debt = 0 AND next_at > $3
    AND NOT EXISTS (SELECT 1 FROM known) FOR UPDATE
),
lots AS (
    SELECT l.* FROM loyalty_lot l, account a WHERE l.customer_id = $1 AND l.unit = 'USD' AND l.remaining > 0
    AND l.available_at <= $3 ORDER BY l.expires_at, l.opened_at, l.id
),
lot AS (SELECT * FROM lots LIMIT 1),
counted AS (
    UPDATE customer_stats s SET activity = activity + 1 FROM account a
    WHERE s.customer_id = a.customer_id AND s.merged_into_id IS NULL RETURNING 1
),
taken AS (
    UPDATE loyalty_lot l SET remaining = l.remaining - $2 FROM lot WHERE l.id = lot.id AND lot.remaining >= $2 RETURNING l.id
),
posted AS (
    INSERT INTO loyalty_transfer (id, customer_id, unit, version, kind, source, target, amount, balance_after, debt_after, at,
        recorded_at, event_id, event_kind, actor, reason)
    SELECT $4, $1, 'USD', a.version + 1, 'UNFUNDING', 'LOTS', 'ISSUED', $2, a.amount - a.debt - $2, a.debt, $3, $3, $5,
        'UNFUNDING', $6, $7 FROM account a, lot WHERE lot.remaining >= $2 RETURNING balance_after
),
queued AS (INSERT INTO loyalty_unchained (transfer_id) SELECT $4 FROM posted),
used AS (INSERT INTO loyalty_lot_use (id, transfer_id, position, lot_id, amount) SELECT $8, $4, 0, lot.id, $2 FROM lot),
kept AS (
    UPDATE loyalty_account u SET amount = u.amount - $2, version = u.version + 1, active_at = greatest(u.active_at, $3),
        spendable = u.spendable - $2, next_at = least({LATEST}, (
            SELECT min(expires_at) FROM lots WHERE lots.remaining > CASE WHEN lots.id = lot.id THEN $2 ELSE 0 END
        ))
    FROM account a, lot WHERE u.id = a.id AND lot.remaining >= $2
),
told AS (
    INSERT INTO audit (id, recorded_at, key_id, key_name, action, entity_kind, entity_key, changes, request_id)
    SELECT $9, $3, $10, $6, 'creditDeduct', 'customer', $11, $12, $13 FROM posted
),
remembered AS (
    INSERT INTO idempotency_key (client, key, digest, created_at, outcome) SELECT $10, $14, $15, $3, $16 FROM posted
),
answered AS (
    SELECT $4 AS id, $2 AS amount, balance_after FROM posted
    UNION ALL
    SELECT t.id, t.amount, t.balance_after FROM known JOIN loyalty_transfer t
    ON t.id = CAST(CAST(known.outcome AS json) -> 'done' ->> 'transfer' AS uuid) WHERE known.digest = $15
)
SELECT json_build_object('data', json_build_object('creditDeduct', json_build_object('entry', json_build_object(
    'id', 'creditentry_' || replace(CAST(id AS text), '-', ''),
    'delta', json_build_object('amount', round(-amount * 0.01, 2)::text),
    'balanceAfter', json_build_object('amount', round(balance_after * 0.01, 2)::text)), 'userErrors', '[]'::json)))::text
FROM answered
"""


def deducted(given: Mapping[str, Any]) -> tuple[Any, ...]:
    """The values of DEDUCT."""
    customer = given["customerId"].partition("_")[2]
    whole, _, cents = given["amount"]["amount"].partition(".")
    amount, transfer = int(whole) * 100 + int(cents.ljust(2, "0")), new_id()
    digest = hashlib.sha256(repr(given).encode()).hexdigest()
    changes = '{"amount":"1.00","reason":"CORRECTION","note":null}'
    outcome = f'{{"done":{{"customer":"{customer}","transfer":"{transfer}"}}}}'
    return (
        customer, amount, now(), transfer, new_id(), "benchmarks", given["reason"], new_id(), new_id(), "limit", customer,
        changes, new_id(), given["idempotencyKey"], digest, outcome,
    )  # fmt: skip
