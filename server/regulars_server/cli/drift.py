"""Do the migrations still make what the models say? `python -m regulars_server.cli.drift [--write]`"""

import asyncio
import sys
from collections.abc import Sequence

from regulars_core.database import App
from regulars_core.database.drift import drift
from regulars_core.start import plugins_wanted


def main(arguments: Sequence[str] | None = None, apps: Sequence[App] | None = None) -> int:
    """Say what core and the box lack, or write it if asked to; the exit status: 1 if something is missing still."""
    write = "--write" in (sys.argv[1:] if arguments is None else arguments)
    missing = asyncio.run(drift(plugins_wanted(None).apps if apps is None else apps))
    for migration in missing:
        changes = "; ".join(str(operation.describe()) for operation in migration.operations)
        where = migration.write() if write else f"{migration.app_label} has no migration for"
        sys.stdout.write(f"{where}: {changes}\n")
    if missing and not write:
        sys.stdout.write("Write the missing migrations with: make migrations\n")
    return 1 if missing and not write else 0


if __name__ == "__main__":
    raise SystemExit(main())
