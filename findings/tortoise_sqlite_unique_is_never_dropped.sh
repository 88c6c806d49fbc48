#!/usr/bin/env bash
# Tortoise ORM cannot take back a uniqueness over several columns on SQLite: its own migration fails.
#
# Expected: a model declares unique_together, `makemigrations` and `migrate` make the table; the declaration is
#   removed, `makemigrations` writes a RemoveConstraint, and `migrate` takes the uniqueness away, as it does on PostgreSQL
#   (the documentation of migrations lists the operation without naming a database).
# Seen: the first migration writes the uniqueness as CONSTRAINT ... UNIQUE inside CREATE TABLE. The second asks
#   for DROP INDEX of that name. SQLite keeps such a uniqueness in an automatic index of another name, which
#   cannot be dropped (https://www.sqlite.org/lang_createtable.html, section 3.6), so the migration ends with
#   "no such index", and none after it can be applied. The table has to be made anew instead.
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


class Purchase(Model):
    id = fields.IntField(primary_key=True)
    store = fields.CharField(max_length=20)
    reference = fields.CharField(max_length=20)

    class Meta:
        table = "purchase"
        unique_together = (("store", "reference"),)
PY

tortoise() { PYTHONPATH=. venv/bin/tortoise -c settings.CONFIG "$@"; }
tortoise init > /dev/null
tortoise makemigrations > /dev/null
tortoise migrate > /dev/null
echo "made:    $(venv/bin/python -c "
import sqlite3
print(sqlite3.connect('shop.sqlite3').execute(\"SELECT group_concat(name) FROM pragma_index_list('purchase')\").fetchone()[0])")"

sed -i '/unique_together/d' shop.py
tortoise makemigrations > /dev/null
echo "written: $(grep -ho 'ops\.[A-Za-z]*' steps/0002_*.py)"
if tortoise migrate > migrated 2>&1; then
    echo "changed: the migration succeeds"
    exit 1
fi
seen=$(tail -n 1 migrated)
echo "seen:    $seen"
[[ $seen == *"no such index: uid_purchase_store_"* ]]
