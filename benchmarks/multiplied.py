"""Customers out of customers: a million of them are made by PostgreSQL itself in a tenth of the time that making each takes."""

from benchmarks.loading import without_triggers
from regulars_core.database import Database

_MAX_S = 3_600
_NUMBER = "CAST(substr(c.code, 6) AS BIGINT)"
_FURTHER = f"(k.n * {{base}} + {_NUMBER})"
_DIGEST = "md5(CAST(c.id AS TEXT) || k.n)"
_HEX = "replace(CAST(c.id AS TEXT), '-', '')"
_ID = f"CAST(substr({_HEX}, 1, 13) || substr({_DIGEST}, 1, 3) || substr({_HEX}, 17, 1) || substr({_DIGEST}, 4, 15) AS uuid)"
"""As of a UUIDv7 made at the same instant."""
_SAME = (
    "first_name, last_name, preferred_name, sort_name, phone, birth_date, gender, tax_id, preferred_contact, status, group_id,"
    " origin_store_id, version, created_at, updated_at"
)
_STATEMENTS = (
    f"CREATE TEMPORARY TABLE further AS SELECT c.id AS like_id, {_ID} AS id, 'CUST-' || {_FURTHER} AS code,"
    f" 'c' || ({_FURTHER} - 1) || '@' || split_part(c.email, '@', 2) AS email,"
    f" lpad(CAST({_NUMBER} AS TEXT), 5, '0') AS digits, CAST({_FURTHER} AS TEXT) AS further_digits,"
    f" 'c' || ({_NUMBER} - 1) AS called, 'c' || ({_FURTHER} - 1) AS further_called"
    " FROM customer c CROSS JOIN generate_series(1, {times} - 1) AS k(n)",
    f"INSERT INTO customer (id, code, email, {_SAME}) SELECT f.id, f.code, f.email, c.{_SAME.replace(', ', ', c.')}"
    " FROM further f JOIN customer c ON c.id = f.like_id",
    "INSERT INTO customer_stats (customer_id, total_spent, purchase_count, first_purchase_at, last_purchase_at, active_at)"
    " SELECT f.id, s.total_spent, s.purchase_count, s.first_purchase_at, s.last_purchase_at, s.active_at"
    " FROM further f JOIN customer_stats s ON s.customer_id = f.like_id",
    "INSERT INTO customer_text (customer_id, names, contact) SELECT f.id, replace(t.names, f.digits, f.further_digits),"
    " replace(t.contact, f.called, f.further_called) FROM further f JOIN customer_text t ON t.customer_id = f.like_id",
    "DROP TABLE further",
)


async def multiply(database: Database, base: int, times: int) -> None:
    """Make so many of each of the `base` customers that `fill` has put in who have not bought yet, on PostgreSQL: ids, codes and
    e-mail addresses are their own, all else is the same. `loading.made_true` is to follow."""

    async def work() -> None:
        await database.allow(_MAX_S)
        await without_triggers(database)
        for sql in _STATEMENTS:
            await database.run(sql.format(base=base, times=times))

    await database.transaction(work)
