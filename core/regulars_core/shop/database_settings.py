"""Where the data of a shop is, and how it is reached."""

from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator

from regulars_core.database.apps import Pooler
from regulars_core.shop.support import SupportSettings

_SCHEMES = ("postgres://", "postgresql://")


class DatabaseSettings(SupportSettings):
    """The settings of the database; a part of the shop's settings."""

    database_url: str = Field("sqlite://regulars.db", description="Where the data is: `sqlite://…` or `postgres://…`.")
    database_pool: int = Field(
        10, ge=1, le=200, description="Connections of one process at most, to PostgreSQL and as many to a replica."
    )
    database_pooler: Pooler = Field(
        "session",
        description="`transaction` where connections go through PgBouncer with that `pool_mode`, those to a replica too; "
        "`session` where they do not, or keep a session of PostgreSQL's each.",
    )
    replica_url: str | None = Field(
        None,
        description="A streaming replica of the database for queries whose answer may rest on it: `postgres://…`. Balances and "
        "whatever is decided by are never read there. Absent: there is none.",
    )
    sqlite_readers: int = Field(4, ge=1, le=32, description="Read-only connections beside the writer on SQLite.")

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value.startswith(("sqlite://", *_SCHEMES)):
            raise ValueError("begin it with sqlite:// or postgres://")
        return value if value.startswith("sqlite://") else _readable(value)

    @field_validator("database_pooler")
    @classmethod
    def _nothing_pools_a_file(cls, value: Pooler, info: ValidationInfo) -> Pooler:
        if value == "transaction" and _is_file(info):
            raise ValueError("SQLite is a file, and nothing stands before it; leave this out, or use PostgreSQL")
        return value

    @field_validator("replica_url")
    @classmethod
    def _known_replica(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            return None
        if _is_file(info):
            raise ValueError("SQLite has no replicas; leave this out, or use PostgreSQL")
        if not value.startswith(_SCHEMES):
            raise ValueError("begin it with postgres://")
        return _readable(value)


def _is_file(info: ValidationInfo) -> bool:
    return str(info.data.get("database_url", "")).startswith("sqlite://")


def _readable(url: str) -> str:
    try:
        _ = urlsplit(url).port
    except ValueError:
        raise ValueError(
            "write it as postgres://user:password@host:port/name, with special characters escaped"
        ) from None
    return url
