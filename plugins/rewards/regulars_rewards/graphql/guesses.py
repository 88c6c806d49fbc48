"""Codes that are not known cost more than other requests, so that nobody finds codes by trying."""

from regulars_schema.plugin import RequestContext

WRONG_CODE = 100
"""Objects that a code costs that there is not."""


def charge_wrong_codes(context: RequestContext, count: int = 1) -> None:
    """Let the caller pay for so many codes that are not known."""
    if count:
        context.surcharge(WRONG_CODE * count)
