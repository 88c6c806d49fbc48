#!/usr/bin/env bash
# On SQLite, a migration of Tortoise ORM that alters one column deletes the rows of other tables.
#
# Expected: a customer has purchases, whose foreign key says ON DELETE CASCADE. A column of the customer's table
#   becomes nullable; `makemigrations` writes one AlterField, `migrate` applies it, and every row is still there, as on
#   PostgreSQL. SQLite cannot alter a column, so the table is made anew, for which SQLite's manual says to turn
#   foreign keys off first (https://www.sqlite.org/lang_altertable.html, section 7, step 1).
# Seen: the migration says OK, the customer is still there, and the purchases are gone: the old table is dropped
#   with foreign keys enforced, and that counts as deleting its rows. Tortoise turns enforcement on for every
#   connection; inside the transaction of the migration it cannot be turned off any more.
# With: tortoise-orm 1.1.9, aiosqlite 0.22.1, Python 3.11, SQLite 3.40.
# Source: https://tortoise.github.io/migration.html
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check tortoise-orm==1.1.9 aiosqlite==0.22.1

cat > settings.py <<'PY'
CONFIG = {
    "connections": {"default": "sqlite://shop.sqlite3"},
    "apps": {"shop": {"models": ["shop"], "migrations": "steps", "default_connection": "default"}},
}
PY
cat > shop.py <<'PY'
from tortoise import fields
from tortoise.models import Model


class Customer(Model):
    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=20)


class Purchase(Model):
    id = fields.IntField(primary_key=True)
    customer = fields.ForeignKeyField("shop.Customer", on_delete=fields.CASCADE)
PY

tortoise() { PYTHONPATH=. venv/bin/tortoise -c settings.CONFIG "$@"; }
sqlite() { venv/bin/python -c "
import sqlite3, sys
with sqlite3.connect('shop.sqlite3') as shop:
    print(*[value for row in shop.execute(sys.argv[1]) for value in row])" "$1"; }
count="SELECT (SELECT count(*) FROM customer) || ' customer, ' || (SELECT count(*) FROM purchase) || ' purchases'"

tortoise init > /dev/null
tortoise makemigrations > /dev/null
tortoise migrate > /dev/null
sqlite "INSERT INTO customer (id, name) VALUES (1, 'Ada')"
sqlite "INSERT INTO purchase (customer_id) VALUES (1), (1), (1)"
echo "before: $(sqlite "$count")"

sed -i 's/max_length=20)/max_length=20, null=True)/' shop.py
tortoise makemigrations > /dev/null
echo "written: $(grep -ho 'ops\.[A-Za-z]*' steps/0002_*.py)"
tortoise migrate | tail -n 1
after=$(sqlite "$count")
echo "after:  $after"
[[ $after == "1 customer, 0 purchases" ]]
