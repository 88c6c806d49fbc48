"""Why a file cannot be read at all."""


class ImportRefused(Exception):
    """The file cannot be imported as it is, and nothing of it was written; the message has one line for each reason."""
