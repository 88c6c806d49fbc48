"""The profiles in the box: how well-known programs write their files."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from regulars_core.imports.customer_rows import CUSTOMERS
from regulars_core.imports.files.columns import names_of, recognised
from regulars_core.imports.files.encodings import as_utf8, encoding_of
from regulars_core.imports.files.profiles import Profile, read_profile
from regulars_core.imports.files.refusal import ImportRefused
from regulars_core.imports.purchase_rows import PURCHASES

Kind = Literal["customers", "purchases"]
_FOLDER = Path(__file__).parent / "profiles"
_LAYOUTS = {"customers": CUSTOMERS, "purchases": PURCHASES}


def profile_names(kind: Kind) -> Sequence[str]:
    """The programs of which files of this kind can be read."""
    return sorted(path.name.partition(".")[0] for path in _FOLDER.glob(f"*.{kind}.toml"))


@cache
def profile_in_box(name: str, kind: Kind) -> Profile:
    """The profile of a program. Raises ImportRefused where there is none."""
    if name not in profile_names(kind):
        raise ImportRefused(f"There is no profile {name!r} of {kind}; there are {', '.join(profile_names(kind))}.")
    return _read(_FOLDER / f"{name}.{kind}.toml", kind)


def profile_of(text: str, kind: Kind) -> Profile:
    """The profile in the box of this name, or that in a TOML file of one's own. Raises ImportRefused."""
    path = Path(text)
    if path.suffix != ".toml":
        return profile_in_box(text, kind)
    try:
        return _read(path, kind)
    except OSError as error:
        raise ImportRefused(f"The profile cannot be read: {error}.") from error


def _read(path: Path, kind: Kind) -> Profile:
    layout = _LAYOUTS[kind]
    return read_profile(path, layout.columns, layout.own)


def proposed(path: Path, kind: Kind) -> Profile | None:
    """The profile of the program that has written a file, if its columns say so."""
    with path.open("rb") as file:
        try:
            encoding = encoding_of(file, None)
            names = names_of(as_utf8(file, encoding), encoding)
        except ImportRefused:
            return None
    found = [profile_in_box(name, kind) for name in profile_names(kind)]
    return next((profile for profile in found if recognised(names, profile)), None)
