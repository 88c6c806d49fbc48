"""Settings of rules as forms ask for them and as text: described from the class, read from it, written back."""

import re
import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from regulars_core.primitives.checks import Checks
from regulars_core.primitives.money import decimal_text, exponent_of, to_minor
from regulars_core.rules.mistakes import mistakes_in


class _Money:
    """Marks a whole number that is money."""


MinorUnits = Annotated[int, _Money()]
"""A setting that is money in the shop's currency: minor units for the rule, a decimal such as `10.50` for people."""


class SettingType(StrEnum):
    """The form of a setting's values, which are text outside."""

    BOOLEAN = "BOOLEAN"
    CHOICE = "CHOICE"
    DATE = "DATE"
    DECIMAL = "DECIMAL"
    MONEY = "MONEY"
    TEXT = "TEXT"
    TIME = "TIME"
    WHOLE_NUMBER = "WHOLE_NUMBER"


@dataclass(frozen=True, slots=True)
class SettingChoice:
    """One value of a CHOICE, and what people call it."""

    value: str
    description: str


@dataclass(frozen=True, slots=True)
class SettingForm:
    """What a form asks for: one setting. `choices` are those of a CHOICE; `minimum` and `maximum` are decimals, of money in the
    currency's units; `default` are its values where it is not given, as text, and None where it has none."""

    name: str
    description: str
    type: SettingType
    is_list: bool
    is_required: bool
    choices: Sequence[SettingChoice]
    default: Sequence[str] | None
    minimum: Decimal | None
    maximum: Decimal | None


_TYPES: Sequence[tuple[type, SettingType]] = (
    (bool, SettingType.BOOLEAN),
    (Enum, SettingType.CHOICE),
    (int, SettingType.WHOLE_NUMBER),
    (Decimal, SettingType.DECIMAL),
    (date, SettingType.DATE),
    (time, SettingType.TIME),
    (str, SettingType.TEXT),
)
_FORMS: Mapping[SettingType, tuple[re.Pattern[str], str]] = {
    SettingType.BOOLEAN: (re.compile("true|false"), "Write `true` or `false`."),
    SettingType.DATE: (re.compile(r"\d{4}-\d\d-\d\d", re.ASCII), "Write a day, such as `2026-01-31`."),
    SettingType.DECIMAL: (re.compile(r"-?\d{1,18}(\.\d{1,18})?", re.ASCII), "Write plain digits, such as `1.5`."),
    SettingType.MONEY: (re.compile(r"-?\d{1,18}(\.\d{1,18})?", re.ASCII), "Write an amount, such as `10.50`."),
    SettingType.TIME: (re.compile(r"\d\d:\d\d", re.ASCII), "Write a time of day, such as `22:00`."),
    SettingType.WHOLE_NUMBER: (re.compile(r"-?\d{1,18}", re.ASCII), "Write a whole number, such as `10`."),
}


@dataclass(frozen=True, slots=True)
class _Setting:
    """A field of a settings class: its type, whether it takes several values, and what else is said of each of them."""

    info: FieldInfo
    type: SettingType
    is_list: bool
    metadata: Sequence[Any]
    choices: Mapping[str, Any] = field(default_factory=dict)
    """What may be chosen, by how it is written."""

    def limit(self, of: str, currency: str) -> Decimal | None:
        """The smallest (`ge`, `gt`) or largest (`le`, `lt`) value that it takes."""
        kinds = {
            "minimum": (annotated_types.Ge, annotated_types.Gt),
            "maximum": (annotated_types.Le, annotated_types.Lt),
        }
        for known in self.metadata:
            if isinstance(known, kinds[of]):
                value: Any = next(getattr(known, name) for name in ("ge", "gt", "le", "lt") if hasattr(known, name))
                whole = self.type in {SettingType.WHOLE_NUMBER, SettingType.MONEY}
                if whole and isinstance(known, annotated_types.Gt | annotated_types.Lt):
                    value += 1 if of == "minimum" else -1
                return Decimal(self.text(value, currency)) if isinstance(value, int | float | Decimal) else None
        return None

    def text(self, value: Any, currency: str) -> str:
        """One value as it is outside."""
        if self.type is SettingType.MONEY:
            return decimal_text(value, exponent_of(currency))
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, Enum):
            return str(value.value)
        if isinstance(value, date | time):
            return value.isoformat() if isinstance(value, date) else value.isoformat("minutes")
        return format(value, "f") if isinstance(value, Decimal) else str(value)

    def texts(self, value: Any, currency: str) -> list[str]:
        """All values as they are outside; none for one that is not given."""
        if value is None or value is PydanticUndefined:
            return []
        values = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [self.text(one, currency) for one in (values if self.is_list else [values])]


def _setting(name: str, info: FieldInfo) -> _Setting:
    """Raises TypeError for a field that no form could ask for."""
    annotation, metadata = _bare(info.annotation), list(info.metadata)
    is_list = get_origin(annotation) in {list, tuple, set, frozenset}
    if is_list:
        annotation = _bare(get_args(annotation)[0])
    if get_origin(annotation) is Annotated:
        annotation, *rest = get_args(annotation)
        metadata += [one for given in rest for one in (given.metadata if isinstance(given, FieldInfo) else [given])]
    if get_origin(annotation) is Literal:
        return _Setting(info, SettingType.CHOICE, is_list, metadata, {str(one): one for one in get_args(annotation)})
    for python, kind in _TYPES:
        if isinstance(annotation, type) and issubclass(annotation, python) and annotation is not datetime:
            if issubclass(annotation, Enum):
                return _Setting(info, kind, is_list, metadata, {str(one.value): one for one in annotation})
            money = any(isinstance(one, _Money) for one in metadata)
            return _Setting(info, SettingType.MONEY if money else kind, is_list, metadata)
    raise TypeError(f"A setting cannot be of the type of `{name}`: {info.annotation}")


def _bare(annotation: Any) -> Any:
    """What may be None without that."""
    if get_origin(annotation) in {Union, types.UnionType}:
        others = [one for one in get_args(annotation) if one is not types.NoneType]
        return others[0] if len(others) == 1 else annotation
    return annotation


def _called(one: Any) -> str:
    """What people call a choice: a member of an enum by its own `description`, or else by its name in words."""
    return str(getattr(one, "description", one.name.replace("_", " ").capitalize()) if isinstance(one, Enum) else one)


def settings_of(model: type[BaseModel]) -> Mapping[str, _Setting]:
    """The settings of a class by name. Raises TypeError for a field that no form could ask for."""
    return {info.alias or name: _setting(name, info) for name, info in model.model_fields.items()}


def described(model: type[BaseModel], currency: str) -> Sequence[SettingForm]:
    """What a form asks for, in the order of the class. Raises TypeError for a field that no form could ask for."""
    forms = []
    for name, setting in settings_of(model).items():
        default = None if setting.info.is_required() else setting.info.get_default(call_default_factory=True)
        forms.append(
            SettingForm(
                name,
                setting.info.description or "",
                setting.type,
                setting.is_list,
                setting.info.is_required(),
                [SettingChoice(value, _called(one)) for value, one in setting.choices.items()],
                None if default is None else setting.texts(default, currency),
                setting.limit("minimum", currency),
                setting.limit("maximum", currency),
            )
        )
    return forms


def settings_from(
    model: type[BaseModel],
    pairs: Iterable[tuple[str, str]],
    currency: str,
    checks: Checks,
    *path: str,
    code: str = "INVALID_RULE",
) -> BaseModel | None:
    """The settings that name/value pairs say, a list being its name several times; what is wrong is told to `checks` under a
    code, each with the number of its pair behind `path` and whether its `name` or its `value` is wrong, or at `path` if a setting
    is missing, and then there are none."""
    known, values, places = settings_of(model), dict[str, list[Any]](), dict[str, str]()
    told = checks.nested(*path)
    for n, (name, text) in enumerate(pairs):
        place = str(n)
        if name not in known:
            there = f"There is no setting of this name; there are: {', '.join(known) or 'none'}."
            told.fail(code, there, place, "name")
        elif name in values and not known[name].is_list:
            told.fail(code, "This setting takes one value.", place, "name")
        elif wrong := _wrong_text(known[name], text, currency):
            told.fail(code, wrong, place, "value")
        else:
            places.setdefault(name, place)
            values.setdefault(name, []).append(_value(known[name], text, currency))
    if told.problems:
        return None
    given = {name: values[name] if known[name].is_list else values[name][0] for name in values}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        for one in mistakes_in(error):
            name = one.path[0] if one.path else ""
            if name in places:
                told.fail(code, _beyond(known[name], given[name], currency) or one.message, places[name], "value")
            else:
                told.fail(code, f"The setting `{name}` is missing." if one.is_missing else one.message)
    except Exception as error:  # a validator of the plugin's own
        told.fail(code, f"The plugin fails to read its settings: {type(error).__name__}.")
    return None


def _wrong_text(setting: _Setting, text: str, currency: str) -> str | None:
    """Why a text is not of the form of the setting's type."""
    form, wrong = _FORMS.get(setting.type, (None, ""))
    if form and not form.fullmatch(text):
        return wrong
    if setting.type is SettingType.CHOICE and text not in setting.choices:
        return f"Write one of: {', '.join(setting.choices)}."
    if setting.type is SettingType.MONEY and to_minor(Decimal(text), currency) is None:
        return f"This is no amount in {currency}."
    return None


def _beyond(setting: _Setting, values: Any, currency: str) -> str | None:
    """Why an amount is too small or too large, in the currency's units: the class knows minor units alone."""
    if setting.type is not SettingType.MONEY:
        return None
    least, most = setting.limit("minimum", currency), setting.limit("maximum", currency)
    amounts = [Decimal(setting.text(one, currency)) for one in (values if setting.is_list else [values])]
    if least is not None and min(amounts) < least:
        return f"This must be at least {least} {currency}."
    return f"This must be at most {most} {currency}." if most is not None and max(amounts) > most else None


def _value(setting: _Setting, text: str, currency: str) -> Any:
    if setting.type is SettingType.BOOLEAN:
        return text == "true"
    if setting.type is SettingType.CHOICE:
        return setting.choices[text]
    return to_minor(Decimal(text), currency) if setting.type is SettingType.MONEY else text


def written(settings: BaseModel, currency: str) -> list[tuple[str, str]]:
    """The settings as name/value pairs, defaults included; a list is its name several times."""
    return [
        (name, text)
        for (name, setting), field in zip(settings_of(type(settings)).items(), type(settings).model_fields, strict=True)
        for text in setting.texts(getattr(settings, field), currency)
    ]
