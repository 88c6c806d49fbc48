"""`regulars import customers|purchases FILE.csv`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from regulars_core.imports import (
    NAME_ORDERS,
    ImportOptions,
    ImportRefused,
    ImportReport,
    Kind,
    Profile,
    Progress,
    Told,
    import_customers,
    import_purchases,
    profile_of,
    proposed,
    with_told,
)
from regulars_core.shop.shop import Shop
from regulars_server.cli.base import err, fail, in_shop, out

import_app = typer.Typer(help="Bring data in from a CSV file; safe to run again.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="The CSV file.", exists=True, dir_okay=False, readable=True)]
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        "--profile",
        help="Who wrote the file: shopify, square, stripe, loyverse, woocommerce; or a profile of your own, FILE.toml.",
    ),
]
Check = Annotated[bool, typer.Option("--check", help="Read the whole file, write nothing, and say what would happen.")]
Map = Annotated[
    list[str] | None, typer.Option("--map", help="A column of the file and ours: their=ours; ours empty leaves it out.")
]
DateFormat = Annotated[
    list[str] | None,
    typer.Option(
        help="How dates are written, as for strptime; several times: the first that fits. ISO 8601 if absent."
    ),
]
Encoding = Annotated[str | None, typer.Option(help="Such as windows-1252 or utf-16; UTF-8 if absent.")]
Skip = Annotated[int | None, typer.Option(help="How many lines stand before the header.", min=0)]
Fixed = Annotated[list[str] | None, typer.Option(help="What every row has in a column of ours: store=Centro.")]
Only = Annotated[
    list[str] | None, typer.Option(help="Only rows with one of these in a column of the file: Status=Paid,Refunded.")
]
Timezone = Annotated[str | None, typer.Option(help="The zone of times without one; the shop's own if absent.")]
Decimal = Annotated[str | None, typer.Option(help="The sign before decimals: . or ,")]
Thousands = Annotated[str | None, typer.Option(help="The sign between thousands: , or . or ' or a space.")]
Names = Annotated[str | None, typer.Option(help=f"How full names are written: {', '.join(NAME_ORDERS)}.")]
BatchSize = Annotated[int, typer.Option(help="How many are written in one transaction.")]
AllowIncomplete = Annotated[
    bool, typer.Option("--allow-incomplete", help="Take customers, too, who lack what the shop requires.")
]
ProperCase = Annotated[
    bool, typer.Option("--proper-case", help="Write names in capitals or small letters as people would.")
]
MayBeNobody = Annotated[
    bool,
    typer.Option(
        "--may-be-nobody", help="Record purchases whose buyer cannot be recognised, nor registered, as nobody's."
    ),
]

_Import = Callable[[Shop, Path, ImportOptions, Progress], Awaitable[ImportReport]]


@import_app.command(name="customers")
def customers(
    file: File,
    from_: From = None,
    check: Check = False,
    mapping: Map = None,
    date_format: DateFormat = None,
    encoding: Encoding = None,
    skip: Skip = None,
    fixed: Fixed = None,
    only: Only = None,
    timezone: Timezone = None,
    names: Names = None,
    tag_separator: Annotated[str | None, typer.Option(help="What separates tags; | if absent.")] = None,
    batch: BatchSize = 1_000,
    allow_incomplete: AllowIncomplete = False,
    proper_case: ProperCase = False,
) -> None:
    """Import customers; those who are known get what the file tells anew."""
    told = _Told(date_format, encoding, skip, fixed, only, timezone, names, tag_separator=tag_separator)
    _run(
        import_customers,
        file,
        lambda: ImportOptions(
            _pairs("--map", "their=ours", mapping),
            batch_size=batch,
            allow_incomplete=allow_incomplete,
            proper_case=proper_case,
            profile=told.profile(from_, "customers"),
            check=check,
        ),
        "customers",
    )


@import_app.command(name="purchases")
def purchases(
    file: File,
    from_: From = None,
    check: Check = False,
    mapping: Map = None,
    date_format: DateFormat = None,
    currency: Annotated[str | None, typer.Option(help="What the amounts are in; the shop's own if absent.")] = None,
    encoding: Encoding = None,
    skip: Skip = None,
    fixed: Fixed = None,
    only: Only = None,
    timezone: Timezone = None,
    decimal: Decimal = None,
    thousands: Thousands = None,
    names: Names = None,
    batch: BatchSize = 1_000,
    reference: Annotated[
        str | None,
        typer.Option(help="What references are made of, with the file's columns in braces: {Date}-{No}."),
    ] = None,
    allow_incomplete: AllowIncomplete = False,
    proper_case: ProperCase = False,
    replace_voided: Annotated[
        bool, typer.Option("--replace-voided", help="Record purchases anew whose reference was voided.")
    ] = False,
    may_be_nobody: MayBeNobody = False,
) -> None:
    """Import purchases, one row for each line of a basket, with the customers and stores that they name."""
    told = _Told(date_format, encoding, skip, fixed, only, timezone, names, decimal, thousands)
    _run(
        import_purchases,
        file,
        lambda: ImportOptions(
            _pairs("--map", "their=ours", mapping),
            currency=currency,
            batch_size=batch,
            reference=reference,
            allow_incomplete=allow_incomplete,
            proper_case=proper_case,
            profile=told.profile(from_, "purchases"),
            check=check,
            replace_voided=replace_voided,
            may_be_nobody=may_be_nobody,
        ),
        "purchases",
    )


class _Told:
    """What was told on the command line about how the file is written; it goes before what its profile says."""

    def __init__(
        self,
        date_formats: Sequence[str] | None,
        encoding: str | None,
        skip: int | None,
        fixed: Sequence[str] | None,
        only: Sequence[str] | None,
        timezone: str | None,
        names: str | None,
        decimal: str | None = None,
        thousands: str | None = None,
        tag_separator: str | None = None,
    ) -> None:
        self._told = Told(
            encoding,
            skip,
            date_formats,
            tag_separator,
            _pairs("--fixed", "ours=value", fixed),
            {theirs: said.split(",") for theirs, said in _pairs("--only", "their=value,value", only).items()},
            timezone,
            names,
            decimal,
            thousands,
        )
        if names is not None and names not in NAME_ORDERS:
            fail(f"--names is one of {', '.join(NAME_ORDERS)}.")

    def profile(self, name: str | None, kind: Kind) -> Profile:
        """The profile of this name, with what was told beside it. Raises ImportRefused."""
        return with_told(profile_of(name, kind) if name else Profile(), self._told)


def _pairs(option: str, wanted: str, said: Sequence[str] | None) -> Mapping[str, str]:
    pairs = [pair.partition("=") for pair in said or ()]
    if wrong := [theirs for theirs, sign, _ in pairs if not sign]:
        fail(f"{option} wants {wanted}, not {', '.join(wrong)}.")
    return {theirs: ours for theirs, _, ours in pairs}


def _run(import_file: _Import, file: Path, told: Callable[[], ImportOptions], kind: Kind) -> None:
    columns = (
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    size = file.stat().st_size
    try:
        options = told()
    except ImportRefused as error:
        fail(str(error))

    async def work(shop: Shop) -> ImportReport:
        with Bar(*columns, console=err, transient=True) as bar:
            task = bar.add_task(file.name, total=size)
            return await import_file(
                shop, file, options, lambda done, total: bar.update(task, completed=done, total=total)
            )

    try:
        report = in_shop(work)
    except ImportRefused as error:
        fail(f"{error}{_proposal(file, kind, options)}")
    _tell(report, kind, options)


def _proposal(file: Path, kind: Kind, options: ImportOptions) -> str:
    """What to say of a file that could not be read, where it is known who wrote it."""
    other: Kind = "customers" if kind == "purchases" else "purchases"
    for one in (kind, other):
        if (profile := proposed(file, one)) and not (one == kind and options.profile and options.profile.name):
            return f"\nThis looks like a file of {profile.title}: regulars import {one} {file} --from {profile.name}"
    return ""


def _tell(report: ImportReport, kind: str, options: ImportOptions) -> None:
    would = "would be " if options.check else ""
    beside = [
        (report.customers_created if kind == "purchases" else 0, "customers registered"),
        (report.stores_created if kind == "purchases" else 0, "stores registered"),
        (report.refunded, "refunded"),
        (report.voided, "voided"),
        (report.left_out, "rows left out"),
    ]
    more = "".join(f", {count} {what}" for count, what in beside if count)
    out.print(
        f"{report.rows} rows: {report.created} {kind} {would}new, {report.updated} changed, {report.unchanged} as they were"
        f"{more}, {report.rejected} rejected; {report.seconds:.1f} s.",
        markup=False,
    )
    for code, samples in report.told.items():
        out.print(f"{code}: {report.told_counts[code]} taken all the same, such as", markup=False)
        for sample in samples:
            out.print(f"  line {sample.line}: {sample.reason}", markup=False)
    if options.check:
        if report.passed_over:
            out.print(f"Passed over: {', '.join(report.passed_over)}.", markup=False)
        for code, samples in report.samples.items():
            out.print(f"{code}: {report.counts[code]} rejected, such as", markup=False)
            for sample in samples:
                out.print(f"  line {sample.line}: {sample.reason}", markup=False)
        out.print("Nothing was written.")
        if report.rejected_rows:
            raise typer.Exit(1)
    elif report.rejects:
        fail(f"{report.rejected_rows} rows were rejected; they stand with the reasons in {report.rejects}.")


__all__ = ["import_app"]
