#!/usr/bin/env bash
# pluggy loads one of two installed plugins of the same name, and says nothing of the other.
#
# Expected: two distributions bring an entry point `loyalty` of the same group; load_setuptools_entrypoints() raises, as register() does
#   for a name that is taken ("Plugin name already registered").
# Seen: the first that importlib.metadata lists is loaded, the other one is left out in silence. Which is first depends on the order of
#   sys.path and of the folder's listing; the shop may run another plugin after the next installation.
# With: pluggy 1.7.0, Python 3.11.
# Source: https://pluggy.readthedocs.io/en/stable/api_reference.html#pluggy.PluginManager.load_setuptools_entrypoints
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pluggy==1.7.0

cat > both.py <<'PY'
import sys
from pathlib import Path

import pluggy

for number, maker in enumerate(("alpha", "beta")):
    site = Path(f"site{number}")
    told = site / f"shop_{maker}-1.0.dist-info"
    told.mkdir(parents=True)
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: shop-{maker}\nVersion: 1.0\n")
    (told / "entry_points.txt").write_text(f"[shop]\nloyalty = shop_{maker}\n")
    (site / f"shop_{maker}.py").write_text("")


def loaded(*folders: str) -> tuple[int, list[str]]:
    sys.path[:0] = folders
    try:
        manager = pluggy.PluginManager("shop")
        count = manager.load_setuptools_entrypoints("shop")
        return count, [plugin.__name__ for _, plugin in manager.list_name_plugin()]
    finally:
        del sys.path[: len(folders)]


manager = pluggy.PluginManager("shop")
manager.register(object(), "loyalty")
try:
    manager.register(object(), "loyalty")
    refused = False
except ValueError:
    refused = True
one, other = loaded("site0", "site1"), loaded("site1", "site0")
print("register() refuses the second:", refused)
print("load_setuptools_entrypoints():", one, "and in another order of sys.path:", other)
assert refused
assert one == (1, ["shop_alpha"])
assert other == (1, ["shop_beta"])
PY
venv/bin/python both.py
