"""Settings of rules: described for forms, read from text, written back, and every mistake told at its place."""

from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from regulars_core.primitives.checks import Checks
from regulars_core.rules.settings import MinorUnits, SettingType, described, settings_from, written


class Weekday(Enum):
    TUESDAY = "TUE"
    SUNDAY = "SUN"


class Everything(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    points: int = Field(ge=1, le=100, description="How many.")
    per: MinorUnits = Field(1_000, gt=0, description="For how much.")
    share: Decimal = Field(Decimal("1.50"), description="A share.")
    weekdays: tuple[Weekday, ...] = Field((), description="On which days.")
    since: date | None = Field(None, description="From when on.")
    at: time | None = Field(None, description="At what time.")
    double: bool = Field(False, description="Twice.")
    note: str = Field("", max_length=10, description="A note.")
    level: Literal[1, 2] = Field(1, description="How high.")
    steps: tuple[Annotated[int, Field(ge=2)], ...] = Field((5, 7), description="In which steps.")


def read(*pairs: tuple[str, str], currency: str = "USD") -> tuple[BaseModel | None, list[tuple[str, Sequence[str]]]]:
    checks = Checks()
    found = settings_from(Everything, pairs, currency, checks, "settings")
    return found, [(problem.message, problem.path) for problem in checks.problems]


def test_what_a_form_asks_for() -> None:
    forms = {form.name: form for form in described(Everything, "USD")}
    assert {name: form.type for name, form in forms.items()} == {
        "points": SettingType.WHOLE_NUMBER,
        "per": SettingType.MONEY,
        "share": SettingType.DECIMAL,
        "weekdays": SettingType.CHOICE,
        "since": SettingType.DATE,
        "at": SettingType.TIME,
        "double": SettingType.BOOLEAN,
        "note": SettingType.TEXT,
        "level": SettingType.CHOICE,
        "steps": SettingType.WHOLE_NUMBER,
    }
    assert [name for name, form in forms.items() if form.is_required] == ["points"]
    assert (forms["points"].minimum, forms["points"].maximum) == (1, 100)
    assert (forms["per"].minimum, forms["per"].default) == (Decimal("0.01"), ["10.00"])
    choices = [(one.value, one.description) for one in forms["weekdays"].choices]
    assert (forms["weekdays"].is_list, choices) == (True, [("TUE", "Tuesday"), ("SUN", "Sunday")])
    assert [one.value for one in forms["level"].choices] == ["1", "2"]
    assert (forms["steps"].default, forms["steps"].minimum) == (["5", "7"], 2)
    assert forms["share"].default == ["1.50"]
    assert (forms["points"].default, forms["since"].default, forms["weekdays"].default) == (None, None, [])
    assert described(Everything, "JPY")[1].minimum == 1


def test_read_and_written_back() -> None:
    pairs = [
        ("points", "3"), ("per", "12.50"), ("share", "0.25"), ("weekdays", "TUE"), ("weekdays", "SUN"),
        ("since", "2026-01-31"), ("at", "22:00"), ("double", "true"), ("note", "a"), ("level", "2"), ("steps", "3"),
    ]  # fmt: skip
    found, problems = read(*pairs)
    assert problems == []
    assert found == Everything(
        points=3, per=1_250, share=Decimal("0.25"), weekdays=(Weekday.TUESDAY, Weekday.SUNDAY), since=date(2026, 1, 31),
        at=time(22), double=True, note="a", level=2, steps=(3,),
    )  # fmt: skip
    assert found is not None
    assert written(found, "USD") == pairs
    few, _ = read(("points", "3"))
    assert few is not None
    assert written(few, "USD") == [
        ("points", "3"),
        ("per", "10.00"),
        ("share", "1.50"),
        ("double", "false"),
        ("note", ""),
        ("level", "1"),
        ("steps", "5"),
        ("steps", "7"),
    ]


@pytest.mark.parametrize(
    ("pair", "told"),
    [
        (("points", "101"), "at most 100"),
        (("points", "many"), "Write a whole number"),
        (("points", "9" * 5_000), "Write a whole number"),
        (("per", "0.001"), "no amount in USD"),
        (("per", "much"), "Write an amount"),
        (("per", "NaN"), "Write an amount"),
        (("per", "-1"), "at least 0.01 USD"),
        (("share", "1e999999"), "Write plain digits"),
        (("share", "Infinity"), "Write plain digits"),
        (("double", "yes"), "`true` or `false`"),
        (("weekdays", "MON"), "Write one of: TUE, SUN."),
        (("level", "3"), "Write one of: 1, 2."),
        (("steps", "1"), "at least 2"),
        (("since", "soon"), "Write a day"),
        (("since", "2026-02-30"), "a day that there is"),
        (("since", "1769817600"), "Write a day"),
        (("at", "22:00+01:00"), "Write a time of day"),
        (("at", "25:00"), "a time of day"),
        (("note", "a long note"), "At most 10"),
        (("colour", "red"), "no setting of this name"),
        (("points", "4"), "takes one value"),
    ],
)
def test_a_mistake_is_told_at_its_place(pair: tuple[str, str], told: str) -> None:
    first = [] if pair[0] == "points" and pair[1] != "4" else [("points", "3")]
    found, [(message, path)] = read(*first, pair)
    assert found is None
    assert told in message
    is_name = "no setting of this name" in told or "takes one value" in told
    assert path == ("settings", str(len(first)), "name" if is_name else "value")


def test_what_is_missing_is_named() -> None:
    found, [(message, path)] = read()
    assert found is None
    assert (message, path) == ("The setting `points` is missing.", ("settings",))


def test_a_class_that_no_form_could_ask_for_is_refused() -> None:
    class Nested(BaseModel):
        inner: dict[str, int] = {}

    with pytest.raises(TypeError, match="`inner`"):
        described(Nested, "USD")
