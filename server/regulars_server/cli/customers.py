"""Commands about what a shop knows of customers: the attributes that it declares, and what they agree to."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from regulars_core.audiences.usage import users_of
from regulars_core.customers.attributes.declarations import NewDefinition, define_attribute
from regulars_core.customers.attributes.definitions import declared_attributes
from regulars_core.customers.attributes.deletion import Deletion, delete_attribute
from regulars_core.customers.attributes.rules import TYPES
from regulars_core.customers.columns import CONTACT_METHODS
from regulars_core.customers.consent_records import record
from regulars_core.customers.consents.entries import MARKETING, ConsentEntry
from regulars_core.customers.consents.rules import DECISIONS, PROOFS
from regulars_core.primitives.clock import instant_of
from regulars_core.shop.actors import operator
from regulars_core.shop.shop import Shop
from regulars_server.cli.base import audited, customer_of, in_shop, out


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the command line."""
    attribute_app = typer.Typer(help="Declare attributes of customers.", no_args_is_help=True)
    attribute_app.command(name="list")(attribute_list)
    attribute_app.command(name="define")(attribute_define)
    attribute_app.command(name="delete")(attribute_delete)
    app.add_typer(attribute_app, name="attribute")
    app.command(name="consent")(consent)


def _listed(members: tuple[str, ...]) -> str:
    return ", ".join(member.lower() for member in members)


def attribute_list() -> None:
    """List the attributes that are declared."""
    table = Table(Column("name", no_wrap=True), "label", "type", "is", "choices")
    for one in in_shop(lambda shop: declared_attributes(shop.database)).values():
        flags = {"sensitive": one.is_sensitive, "unique": one.is_unique, "required": one.is_required}
        marks = ", ".join(flag for flag, is_set in flags.items() if is_set)
        table.add_row(one.name, one.label, one.type.lower(), marks, ", ".join(one.choices))
    out.print(table)


def attribute_define(
    name: Annotated[str, typer.Argument(help="Its name: small letters, digits and `_`.")],
    type_: Annotated[str, typer.Option("--type", help=f"What its values are: {_listed(TYPES)}.")],
    label: Annotated[str | None, typer.Option(help="What people call it; the name if absent.")] = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    choice: Annotated[list[str] | None, typer.Option(help="What can be chosen. Can be given again.")] = None,
    sensitive: Annotated[bool | None, typer.Option("--sensitive/--not-sensitive", help="Shown to few.")] = None,
    unique: Annotated[bool | None, typer.Option("--unique/--not-unique", help="No two have the same.")] = None,
    required: Annotated[bool | None, typer.Option("--required/--not-required", help="Customers must have it.")] = None,
) -> None:
    """Declare an attribute, or change what is declared under the name: what is not said stays."""
    told = {
        "label": label, "description": description, "choices": choice,
        "is_sensitive": sensitive, "is_unique": unique, "is_required": required,
    }  # fmt: skip
    said: dict[str, Any] = {part: value for part, value in told.items() if value is not None}
    new = NewDefinition(name, type_.upper(), **said, absent=told.keys() - said.keys())

    async def work(shop: Shop) -> None:
        async def done() -> tuple[str, None]:
            return await define_attribute(shop, new), None

        await audited(shop, "customerAttributeDefine", "attribute", done)

    in_shop(work)
    out.print(f"Declared {name}.", markup=False)


def attribute_delete(
    name: Annotated[str, typer.Argument(help="The attribute's name.")],
    values: Annotated[bool, typer.Option("--values", help="With all values that customers have.")] = False,
) -> None:
    """Take an attribute away that nobody asks for any more."""

    async def work(shop: Shop) -> Deletion:
        async def done() -> tuple[None, Deletion]:
            by = operator(shop.permissions)
            return None, await delete_attribute(shop, name, users_of, by, with_values=values)

        return await audited(shop, "customerAttributeDelete", "attribute", done)

    deleted = in_shop(work)
    if deleted.job is None:
        out.print(f"Deleted {name}, and {deleted.count} values.", markup=False)
    else:
        out.print(f"A job deletes {name}: very many customers have a value of it.", markup=False)


def consent(
    code: Annotated[str, typer.Argument(help="The customer's code.")],
    state: Annotated[str, typer.Option("--state", help=f"What the customer says: {_listed(DECISIONS)}.")],
    source: Annotated[str, typer.Option(help="Where it was said, such as a letter.")],
    channel: Annotated[
        str | None, typer.Option(help=f"By which way of contact: {_listed(CONTACT_METHODS)}; every one if absent.")
    ] = None,
    purpose: Annotated[str, typer.Option(help="What for, as REGULARS_CONSENT_PURPOSES names it.")] = MARKETING,
    at: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="When, in the shop's time zone; now if absent."),
    ] = None,
    proof: Annotated[str | None, typer.Option(help=f"What speaks for it: {_listed(PROOFS)}.")] = None,
    reference: Annotated[str | None, typer.Option(help="Where that is kept.")] = None,
    text_version: Annotated[str | None, typer.Option(help="The version of the text that was shown.")] = None,
) -> None:
    """Write down what a customer agrees to or refuses, for ever. A refusal holds at once."""

    async def work(shop: Shop) -> str:
        customer = await customer_of(shop, code)
        instant = None if at is None else instant_of(at.replace(tzinfo=shop.settings.zone))
        entry = ConsentEntry(
            state.upper(),
            source,
            channel and channel.upper(),
            purpose,
            instant,
            proof and proof.upper(),
            reference,
            text_version,
        )

        async def done() -> tuple[str, str]:
            [written] = await record(shop, customer.id, [entry])
            return written.customer_id, written.decision

        return await audited(shop, "consentRecord", "customer", done)

    out.print(f"Written down: {in_shop(work).lower()}.", markup=False)
