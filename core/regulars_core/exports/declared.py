"""Columns of exports that depend on the shop: an attribute of customers each, and consents by purpose and way of contact."""

from collections.abc import Mapping, Sequence

from regulars_core.customers.attributes.definitions import declared_attributes
from regulars_core.customers.attributes.reads import AttributeRow, attributes_of
from regulars_core.customers.consents.columns import AT, DECISION, PROOF, SOURCE, ConsentColumn, consent_columns
from regulars_core.customers.consents.reads import ConsentRow, states_of
from regulars_core.customers.consents.rules import State
from regulars_core.customers.reads import CustomerRow
from regulars_core.exports.columns import (
    Cell,
    ExportBatch,
    ExportColumn,
    ExportColumns,
    labelled,
    of_batch,
    time_written,
)
from regulars_core.shop.shop import Shop


def attribute_column(name: str) -> str:
    """What the column of an attribute is called."""
    return f"attribute.{name}"


async def _attributes(batch: ExportBatch) -> Mapping[str, Mapping[str, AttributeRow]]:
    found = await attributes_of(batch.shop, batch.ids, sensitive=True)  # each column says what it needs
    return {id_: {row.name: row for row in rows} for id_, rows in found.items()}


def _of_attribute(name: str, label: str, *, is_sensitive: bool) -> ExportColumn:
    def cell(found: Mapping[str, Mapping[str, AttributeRow]], customer: CustomerRow) -> Cell:
        """Raises Sealed: a file does not leave out what it cannot tell."""
        row = found[customer.id].get(name)
        if row is not None and row.lost is not None:
            raise row.lost
        return None if row is None else row.value

    needs = "customers.view_sensitive" if is_sensitive else "customers.view_pii"
    return ExportColumn(attribute_column(name), label, of_batch(_attributes, cell), needs)


async def _of_attributes(shop: Shop) -> Sequence[ExportColumn]:
    declared = await declared_attributes(shop.database)
    return [_of_attribute(one.name, one.label, is_sensitive=one.is_sensitive) for one in declared.values()]


async def _consents(batch: ExportBatch) -> Mapping[str, State[ConsentRow]]:
    return await states_of(batch.shop.database, batch.ids)


def _written(record: ConsentRow, part: str) -> Cell:
    if part == DECISION:
        return record.decision.lower()
    if part == AT:
        return time_written(record.at)
    if part == PROOF:
        return record.proof.lower()
    return record.source if part == SOURCE else record.text_version


def _of_consent(column: ConsentColumn) -> ExportColumn:
    def cell(found: Mapping[str, State[ConsentRow]], customer: CustomerRow) -> Cell:
        record = found[customer.id].get((column.purpose, column.channel))
        return None if record is None else _written(record, column.part)

    label = labelled(column.name.replace(".", "_"))
    return ExportColumn(column.name, label, of_batch(_consents, cell), "consents.view")


async def _of_consents(shop: Shop) -> Sequence[ExportColumn]:
    return [_of_consent(column) for column in consent_columns(shop.settings)]


DECLARED_COLUMNS = (ExportColumns(_of_attributes), ExportColumns(_of_consents))
"""Core's columns of customers that depend on the shop."""
