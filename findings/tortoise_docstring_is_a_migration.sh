#!/usr/bin/env bash
# A reworded docstring is a change of the database to Tortoise ORM's makemigrations.
#
# Expected: a migration is written when tables change. A check in CI that `makemigrations` writes nothing holds as
#   long as nobody touches a field.
# Seen: the class's docstring is its table_description, an option of the model, so one other word in it writes an
#   AlterModelOptions, which changes nothing on SQLite, where tables have no comments.
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
    """Who buys."""

    id = fields.IntField(primary_key=True)
PY

tortoise() { PYTHONPATH=. venv/bin/tortoise -c settings.CONFIG "$@"; }
tortoise init > /dev/null
tortoise makemigrations > /dev/null
tortoise migrate > /dev/null

echo "untouched: $(tortoise makemigrations | head -n 1)"
[[ ! -e $(echo steps/0002_*.py) ]]
sed -i 's/Who buys/Who buys here/' shop.py
tortoise makemigrations > /dev/null
seen=$(grep -ho 'ops\.[A-Za-z]*' steps/0002_*.py)
echo "reworded:  $seen"
[[ $seen == ops.AlterModelOptions ]]
