#!/usr/bin/env bash
# On SQLite, RunSQL of Tortoise ORM cannot make a trigger.
#
# Expected: a migration runs one CREATE TRIGGER statement, given as one string, which the operation's documentation
#   allows. A trigger's body holds statements that end with semicolons, and SQLite's own shell and Python's sqlite3
#   take it as one statement.
# Seen: in a migration that is whole or not at all, as by default, Tortoise cuts the text at every semicolon before
#   it hands it on, also inside quotes, so SQLite gets a CREATE TRIGGER without
#   its END and answers "incomplete input". Only atomic = False makes the trigger, and gives up the transaction.
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
    total = fields.IntField()
PY

tortoise() { PYTHONPATH=. venv/bin/tortoise -c settings.CONFIG "$@"; }
tortoise init > /dev/null
tortoise makemigrations > /dev/null
tortoise migrate > /dev/null

trigger="CREATE TRIGGER kept BEFORE DELETE ON purchase BEGIN SELECT RAISE(ABORT, 'kept'); END"
cat > steps/0002_kept.py <<PY
from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    initial = False
    operations = [ops.RunSQL("$trigger")]
PY
echo "sqlite3 alone: $(venv/bin/python -c "
import sqlite3, sys
shop = sqlite3.connect('shop.sqlite3')
shop.execute('BEGIN')
shop.execute(sys.argv[1])
print('made')" "$trigger")"
if tortoise migrate > migrated 2>&1; then
    echo "changed: the migration succeeds"
    exit 1
fi
seen=$(tail -n 1 migrated)
echo "seen: $seen"
[[ $seen == *"incomplete input"* ]]
