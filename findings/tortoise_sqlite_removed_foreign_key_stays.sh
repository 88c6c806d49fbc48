#!/usr/bin/env bash
# On SQLite, a migration of Tortoise ORM that removes a foreign key leaves its column, which is NOT NULL.
#
# Expected: a model loses its ForeignKeyField, `makemigrations` writes a RemoveField, `migrate` applies it, and the
#   column customer_id is gone, as a plain field's is; the model can be saved.
# Seen: the migration says OK and makes the table anew, without the reference but with the column. The model knows
#   no such column any more and gives it no value, so every INSERT is refused from then on.
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


class Purchase(Model):
    id = fields.IntField(primary_key=True)
    total = fields.IntField()
    customer = fields.ForeignKeyField("shop.Customer")
PY

tortoise() { PYTHONPATH=. venv/bin/tortoise -c settings.CONFIG "$@"; }
tortoise init > /dev/null
tortoise makemigrations > /dev/null
tortoise migrate > /dev/null

sed -i '/customer = /d' shop.py
tortoise makemigrations > /dev/null
echo "written: $(grep -ho 'ops\.[A-Za-z]*' steps/0002_*.py)"
tortoise migrate | tail -n 1
echo "columns: $(venv/bin/python -c "
import sqlite3
print(*[row[0] for row in sqlite3.connect('shop.sqlite3').execute(\"SELECT name FROM pragma_table_info('purchase')\")])")"
cat > save.py <<'PY'
from tortoise import Tortoise, run_async
from tortoise.exceptions import IntegrityError

from settings import CONFIG
from shop import Purchase


async def save():
    await Tortoise.init(config=CONFIG)
    try:
        await Purchase.create(total=5)
        print("it is saved")
    except IntegrityError as error:
        print(error)


run_async(save())
PY
saved=$(PYTHONPATH=. venv/bin/python save.py)
echo "saved:   $saved"
[[ $saved == "NOT NULL constraint failed: purchase.customer_id" ]]
