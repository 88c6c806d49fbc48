"""What is left of something that was given, by the lot that it once was. Pure."""

from collections.abc import Sequence

from regulars_loyalty.ledger.book import Account, Lot


def left_of(account: Account, origin_id: str, given: int, expired: int) -> tuple[Sequence[Lot], int]:
    """The lots of an account that are left of what was given, in the order in which they are spent, and how much of it has not
    expired: `expired` has by what is written, and the account knows what has since."""
    lots = [lot for lot in account.in_order() if lot.origin_id == origin_id]
    due = sum(
        use.amount
        for one in account.transfers
        if one.kind == "EXPIRE"
        for use in one.uses
        if use.lot.origin_id == origin_id
    )
    return lots, given - expired - due
