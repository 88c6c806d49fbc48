"""What a plugin's tests need of the core: databases of both engines, an opened shop, what events bring, and the proof that
nothing is missed while the plugin is off. Asking in GraphQL is `regulars_schema.testing`, pytest's fixtures are
`regulars_server.testing`. Needs no pytest.
"""

from regulars_core.testing.listener import Listener
from regulars_core.testing.off_and_on import misses_nothing

from .databases import ENGINES, Databases
from .postgres import PostgresMissing, PostgresServer
from .shops import OpenShop, little_of_everything, opened_shop, statements

__all__ = [
    "ENGINES",
    "Databases",
    "Listener",
    "OpenShop",
    "PostgresMissing",
    "PostgresServer",
    "little_of_everything",
    "misses_nothing",
    "opened_shop",
    "statements",
]
