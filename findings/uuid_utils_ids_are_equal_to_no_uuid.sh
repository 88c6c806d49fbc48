#!/usr/bin/env bash
# An id of uuid-utils is equal to no uuid.UUID of the same digits, and is not found in a dict that has it.
#
# Expected: the package calls itself a drop-in replacement of Python's uuid: an id of the same digits is the same key, and sorts among
#   uuid.UUIDs, so that `import uuid_utils as uuid` in one module of a program is not noticed in the others.
# Seen: == is False without a word, a dict does not find it, and sorted() raises TypeError. What a driver returns is a uuid.UUID, so what
#   was just made is never found among the rows that are read. The documentation offers `uuid_utils.compat` to those who need UUIDs
#   of the standard library; that the others are unlike them it does not say.
# With: uuid-utils 1.2.0, Python 3.11.
# Source: https://github.com/aminalaee/uuid-utils
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check uuid-utils==1.2.0

cat > ids.py <<'PY'
import uuid

import uuid_utils
from uuid_utils import compat

made = uuid_utils.uuid7()
read = uuid.UUID(str(made))  # as a driver returns it
try:
    order = sorted([made, read])
except TypeError as error:
    order = error
print("the same digits:", str(made) == str(read), "- equal:", made == read, "- found:", read in {made}, "- sorted:", order)
assert str(made) == str(read)
assert made != read
assert read not in {made}
assert made not in {read}
assert isinstance(order, TypeError)
alike = compat.uuid7()
assert alike == uuid.UUID(str(alike))
PY
venv/bin/python ids.py
