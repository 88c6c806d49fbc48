"""Codes that are not known cost more than other requests, so that nobody finds codes by trying."""

from regulars_core.plugin import surcharge

WRONG_CODE = 100
"""Objects that a code costs that there is not."""


def charge_wrong_codes(count: int = 1) -> None:
    """Let whoever asks pay for so many codes that are not known, in a mutation: once, whatever becomes of it."""
    if count:
        surcharge(WRONG_CODE * count)
