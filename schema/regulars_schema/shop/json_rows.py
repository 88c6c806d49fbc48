"""How the database writes stores."""

from regulars_core.queries.json_rows import (
    RowShape,
    flag,
    identity,
    instant,
    text,
)

STORE = RowShape(
    "st",
    "store st",
    {
        "id": identity("store", "st.id"),
        "code": text("st.code"),
        "name": text("st.name"),
        "is_active": flag("st.is_active"),
        "created_at": instant("st.created_at"),
        "updated_at": instant("st.updated_at"),
    },
)
