"""What makes an address secret: 256 random bits, of which the database keeps the SHA-256."""

import hashlib
import re
import secrets

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """A token that nobody has seen."""
    return secrets.token_urlsafe(32)


def digest_of_token(token: str) -> str | None:
    """What is kept of a token; None for what is none."""
    return hashlib.sha256(token.encode()).hexdigest() if _TOKEN.fullmatch(token) else None


def address(base: str | None, door: str, token: str) -> str:
    """Where a token leads to: below the address of the shop's own, where that is known, and else a path on the same server."""
    return f"{(base or '').rstrip('/')}/{door}/{token}"
