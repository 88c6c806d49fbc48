"""What a plugin's tests need of the core: databases of both engines, an opened shop, what events bring, and the proof that
nothing is missed while the plugin is off. Asking in GraphQL is `regulars_schema.testing`, pytest's fixtures are
`regulars_server.testing`. Needs no pytest.
"""

from regulars_core.database import Engine, migrations
from regulars_core.database.drift import drift
from regulars_core.imports import ImportOptions, import_customers, import_purchases
from regulars_core.jobs.jobs import jobs_of
from regulars_core.testing.listener import Listener
from regulars_core.testing.off_and_on import misses_nothing

from .databases import ENGINES, Databases
from .folders import databases_folder
from .laws import LawBroken, try_laws
from .personal import hooks_lacking
from .postgres import PostgresMissing, PostgresServer
from .shops import OpenShop, little_of_everything, opened_shop, statements

__all__ = [
    "ENGINES",
    "Databases",
    "Engine",
    "ImportOptions",
    "LawBroken",
    "Listener",
    "OpenShop",
    "PostgresMissing",
    "PostgresServer",
    "databases_folder",
    "drift",
    "hooks_lacking",
    "import_customers",
    "import_purchases",
    "jobs_of",
    "little_of_everything",
    "migrations",
    "misses_nothing",
    "opened_shop",
    "statements",
    "try_laws",
]
