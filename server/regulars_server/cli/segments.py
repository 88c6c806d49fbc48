"""Commands about segments, and conditions that commands read out of files, as the API reads them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from graphql import GraphQLError
from rich.table import Column, Table

from regulars_core.audiences.named import SEGMENT
from regulars_core.primitives.clock import printed
from regulars_core.primitives.errors import BadInput, Problem, Refused
from regulars_core.primitives.text import name_key
from regulars_core.queries.pages import Window
from regulars_core.segments.reads import BY_NAME, SegmentRow, page_of_segments
from regulars_core.segments.service import create_segment, delete_segment
from regulars_core.shop.actors import operator
from regulars_core.shop.shop import Shop
from regulars_schema.composition.known_schema import remember_schema
from regulars_schema.customers.types import CustomerWhere
from regulars_schema.fields.doubts import each_settled
from regulars_schema.fields.stored_trees import empty_places, unavailable_leaves
from regulars_schema.fields.where_trees import GivenWhere
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import ConditionsUnavailable
from regulars_schema.schema import schema_of
from regulars_server.cli.base import audited, in_shop, out

WhereFile = Annotated[
    Path | None,
    typer.Option(
        "--where", metavar="FILE.json", help="Conditions, as the API takes them.", exists=True, dir_okay=False
    ),
]
_LISTED = 1_000


def add_to(app: typer.Typer) -> None:
    """Hang these commands on the command line."""
    segment_app = typer.Typer(help="Keep conditions on customers under a name.", no_args_is_help=True)
    segment_app.command(name="list")(segment_list)
    segment_app.command(name="create")(segment_create)
    segment_app.command(name="delete")(segment_delete)
    app.add_typer(segment_app, name="segment")


def segment_list() -> None:
    """List all segments, and what is asked for by each."""
    table = Table(
        Column("name", no_wrap=True), "description", Column("where", overflow="fold"), Column("changed", no_wrap=True)
    )
    for one in in_shop(_segments):
        table.add_row(one.name, one.description or "", one.conditions, f"{printed(one.updated_at)[:16]}Z")
    out.print(table)


def segment_create(
    name: Annotated[str, typer.Argument(help="What it is called; no other may be called so.")],
    where: Annotated[
        Path,
        typer.Option(
            "--where", metavar="FILE.json", help="Conditions, as the API takes them.", exists=True, dir_okay=False
        ),
    ],
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
) -> None:
    """Keep conditions under a name."""

    async def work(shop: Shop) -> None:
        given = await conditions_in(shop, CustomerWhere, where)

        async def made() -> tuple[str, None]:
            return await create_segment(shop, name, description, given.written()), None

        await audited(shop, "segmentCreate", "segment", made)

    in_shop(work)
    out.print(f"Made {name}.", markup=False)


def segment_delete(name: Annotated[str, typer.Argument(help="The segment's name.")]) -> None:
    """Remove a segment that no audience names."""

    async def work(shop: Shop) -> None:
        segment = await _named(shop, name)

        async def gone() -> tuple[str, None]:
            await delete_segment(shop, segment.id)
            return segment.id, None

        await audited(shop, "segmentDelete", "segment", gone)

    in_shop(work)
    out.print(f"Deleted {name}.", markup=False)


async def conditions_in(shop: Shop, cls: type, file: Path) -> GivenWhere:
    """The conditions in a file. Raises ValueError for what are none, or hold for everything."""
    written = _json(file)
    if not isinstance(written, Mapping) or empty_places(written):
        raise ValueError(f"{file} must hold an object with one condition at least.")
    return await _read(shop, cls, written, str(file))


def _json(file: Path) -> Any:
    try:
        return orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError as error:
        raise ValueError(f"{file} is no JSON: {error}.") from error


async def in_segment(shop: Shop, name: str) -> GivenWhere:
    """Being in the segment of this name. Raises Refused: NOT_FOUND; ValueError where it cannot be asked now."""
    segment = await _named(shop, name)
    return await _read(shop, CustomerWhere, {SEGMENT: {"in": [f"segment_{segment.id}"]}}, name)


async def _read(shop: Shop, cls: type, written: Mapping[str, Any], called: str) -> GivenWhere:
    schema = schema_of(shop.plugins)
    remember_schema(shop, schema)
    [given] = await each_settled(cls, [written], schema, RequestContext(shop, operator(shop.permissions)))
    if isinstance(given, BadInput | ConditionsUnavailable):
        place = ".".join(given.path) if isinstance(given, BadInput) else ""
        raise ValueError(": ".join(filter(None, [called, place, str(given)])))
    if isinstance(given, GraphQLError):
        [wrong] = await unavailable_leaves(cls, [written], schema, shop)
        raise ValueError(f"{called}: {', '.join(wrong)}: there is no such condition, or it takes something else.")
    if isinstance(given, Exception):
        raise given
    return given


async def _named(shop: Shop, name: str) -> SegmentRow:
    found = next((one for one in await _segments(shop) if name_key(one.name) == name_key(name)), None)
    if found is None:
        raise Refused(Problem("NOT_FOUND", f"There is no segment called {name}."))
    return found


async def _segments(shop: Shop) -> list[SegmentRow]:
    window, found = Window(BY_NAME, _LISTED, backward=False, after=None, before=None), list[SegmentRow]()
    while True:
        page = await page_of_segments(shop.database, window)
        found += page.rows
        if not page.has_next:
            return found
        window = Window(BY_NAME, _LISTED, backward=False, after=page.positions[-1], before=None)
