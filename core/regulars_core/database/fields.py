"""Fields of our own: ids, instants, money, quantities, and text that sorts the same on both engines."""

import re
from decimal import Decimal
from typing import Any
from uuid import UUID

from tortoise.exceptions import ValidationError
from tortoise.fields import BigIntField, CharField
from tortoise.fields.base import Field
from tortoise.models import Model

_ID = re.compile(r"[0-9a-f]{32}")
_MILLIONTHS = 1_000_000


class IdField(Field[str]):
    """An id: 32 lower-case hexadecimal digits in Python, UUID on PostgreSQL, CHAR(32) on SQLite.

    Also takes a uuid.UUID and the form with dashes. Raises ValidationError for anything else.
    """

    field_type = str
    SQL_TYPE = "CHAR(32)"

    class _db_postgres:  # noqa: N801
        SQL_TYPE = "UUID"

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> str | None:
        id_ = self.to_python_value(value)
        self.validate(id_)
        return id_

    def to_python_value(self, value: Any) -> str | None:
        if value is None or (type(value) is str and _ID.fullmatch(value)):
            return value
        try:
            return value.hex if isinstance(value, UUID) else UUID(value).hex
        except (ValueError, TypeError, AttributeError) as error:
            raise ValidationError(f"{self.model_field_name}: {value!r} is not an id") from error


class InstantField(BigIntField):
    """A moment: milliseconds since 1970-01-01T00:00Z, an int."""


class MinorUnitsField(BigIntField):
    """An amount of money in the smallest unit of its currency (cents, yen), an int."""


class QuantityField(Field[Decimal]):
    """A quantity, a Decimal with up to six places; stored as whole millionths, so that sums are exact on both engines.

    Raises ValidationError for more places or more than 64 bits. Give it a Decimal or a str, never an int: an int is
    what the database holds and counts millionths.
    """

    field_type = Decimal
    SQL_TYPE = "BIGINT"

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> int | None:
        if value is None:
            return None
        if not isinstance(value, Decimal):
            value = self.to_python_value(value)
        self.validate(value)
        scaled = value * _MILLIONTHS if value.is_finite() else None
        if scaled is None or scaled != int(scaled) or not -(2**63) <= scaled < 2**63:
            raise ValidationError(f"{self.model_field_name}: {value} is not a quantity of at most six places")
        return int(scaled)

    def to_python_value(self, value: Any) -> Decimal | None:
        if isinstance(value, int):
            return Decimal(value).scaleb(-6)
        return value if value is None or isinstance(value, Decimal) else Decimal(value)


class SortTextField(CharField[str]):
    """Text that queries sort and page by: compared byte by byte on both engines, whatever the server's language."""

    @property
    def SQL_TYPE(self) -> str:  # type: ignore[override]  # noqa: N802
        return f"VARCHAR({self.max_length})"

    class _db_postgres:  # noqa: N801
        def __init__(self, field: "SortTextField") -> None:
            self.field = field

        @property
        def SQL_TYPE(self) -> str:  # noqa: N802
            return f'VARCHAR({self.field.max_length}) COLLATE "C"'


class TextKeyField(SortTextField):
    """Text that names something: a code, a reference, a folded address. Equal only if every byte is."""
