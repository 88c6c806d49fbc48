"""Fonts for documents: which are here, in the order in which a letter is looked for in them.

Those of the extra `reports` come with packages; for scripts that none of them has, such as Chinese, those of the system are
looked through, and the folder that the shop's setting names.
"""

from collections.abc import Iterator, Sequence, Set
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_PACKAGES = (
    ("fontpkg_noto_sans", "NotoSans[[]*"),
    ("fontpkg_noto_sans_arabic", "NotoSansArabic[[]*"),
    ("fontpkg_arimo", "Arimo[[]*"),
    ("fontpkg_noto_sans_thai", "NotoSansThai[[]*"),
    ("fontpkg_noto_sans_devanagari", "NotoSansDevanagari[[]*"),
)
"""Noto Sans for Latin, Greek and Cyrillic; one for Arabic, Arimo for Hebrew, Thai, Devanagari."""
_SYSTEM = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "/System/Library/Fonts", "C:/Windows/Fonts")
_FILES = (
    "NotoSans-Regular.ttf", "DejaVuSans.ttf", "NotoSansArabic-Regular.ttf", "NotoSansHebrew-Regular.ttf",
    "NotoSansThai-Regular.ttf", "NotoSansDevanagari-Regular.ttf", "NotoSansBengali-Regular.ttf",
    "NotoSansTamil-Regular.ttf", "NotoSansTelugu-Regular.ttf", "NotoSansKhmer-Regular.ttf", "NotoSansEthiopic-Regular.ttf",
    "NotoSansGeorgian-Regular.ttf", "NotoSansArmenian-Regular.ttf", "DroidSansFallbackFull.ttf", "DroidSansFallback.ttf",
    "NotoSansCJK-Regular.ttc", "wqy-microhei.ttc", "Arial Unicode.ttf", "unifont.ttf",
)  # fmt: skip
"""What systems have, the better first. Of a letter that several have the first one is taken."""


@cache
def fonts(folder: str = "") -> Sequence[Path]:
    """The fonts that are here, those of a folder first behind the one for Latin letters."""
    found = [*_packaged()]
    own = sorted(Path(folder).glob("*.[to]t[fc]")) if folder else []
    return [*found[:1], *own, *found[1:], *_of_the_system()]


@cache
def letters_of(font: Path) -> Set[int]:
    """The code points that a font has."""
    from fontTools.ttLib import TTFont

    with TTFont(font, lazy=True, fontNumber=0) as file:
        return frozenset(file.getBestCmap() or ())


def _packaged() -> Iterator[Path]:
    for package, pattern in _PACKAGES:
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:
            yield from sorted((Path(spec.origin).parent / "files").glob(f"{pattern}.ttf"))


def _of_the_system() -> Iterator[Path]:
    there: dict[str, Path] = {}
    for folder in _SYSTEM:
        for path in sorted(Path(folder).rglob("*.[to]t[fc]")) if Path(folder).is_dir() else ():
            there.setdefault(path.name, path)
    yield from (there[name] for name in _FILES if name in there)
