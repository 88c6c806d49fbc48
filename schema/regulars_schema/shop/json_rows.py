"""How the database writes stores."""

from regulars_core.queries.relations import RowShape
from regulars_core.stores.reads import STORES

STORE = RowShape.of(STORES, "store")
