"""Bytes of a file as UTF-8, whatever it is written in, a piece at a time."""

import codecs
from typing import BinaryIO, Protocol

from regulars_core.imports.files.refusal import ImportRefused

_PIECE = 1 << 16
_OF_TWO_BYTES = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")


class Lines(Protocol):
    """What lines of UTF-8 are read from."""

    def readline(self, limit: int, /) -> bytes:
        """The next line with its end, or so many bytes of it; nothing at the end."""

    def tell(self) -> int:
        """How many bytes were read."""


def encoding_of(file: BinaryIO, told: str | None) -> str:
    """The name by which Python knows the encoding of a file: what was told, or what the mark at its beginning says, else
    UTF-8. The file is at its beginning before and after. Raises ImportRefused for what is no encoding of text."""
    mark = file.read(2)
    file.seek(0)
    if told is None:
        return "utf-16" if mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8"
    try:
        name = codecs.lookup(told).name
        "".encode(name)
    except (LookupError, TypeError) as error:
        raise ImportRefused(f"{told!r} is no encoding of text; windows-1252 and utf-16 are some.") from error
    return "utf-8" if name == "utf-8-sig" else name


def as_utf8(file: BinaryIO, encoding: str) -> Lines:
    """The file as lines of UTF-8. What its encoding does not know becomes bytes that are no UTF-8 either, so that it costs its
    own line alone."""
    return file if encoding == "utf-8" else _Transcoded(file, encoding)


class _Transcoded:
    """Lines of a file in another encoding."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file = file
        errors = "surrogatepass" if encoding in _OF_TWO_BYTES else "surrogateescape"
        self._decode = codecs.getincrementaldecoder(encoding)(errors)
        self._ready = bytearray()
        self._read = 0
        self._at_end = False

    def readline(self, limit: int, /) -> bytes:
        """The next line, or a piece of it."""
        searched = 0
        while (end := self._ready.find(b"\n", searched)) < 0 and len(self._ready) < limit and not self._at_end:
            searched = len(self._ready)
            self._fill()
        size = min(limit, end + 1 if end >= 0 else len(self._ready))
        line = bytes(self._ready[:size])
        del self._ready[:size]
        self._read += size
        return line

    def tell(self) -> int:
        """How many bytes of UTF-8 were read."""
        return self._read

    def _fill(self) -> None:
        piece = self._file.read(_PIECE)
        self._at_end = not piece
        try:
            text = self._decode.decode(piece, final=self._at_end)
        except UnicodeDecodeError:  # cut off in the middle of a character
            text = "\udcff"
        self._ready += text.encode("utf-8", "surrogatepass")
