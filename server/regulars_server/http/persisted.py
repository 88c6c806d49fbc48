"""Documents that clients name by their SHA-256 instead of sending them: those that somebody has sent before, or those that the
shop has registered, and then no others.

The way of Apollo's `extensions.persistedQuery`, which urql and others speak too:
https://www.apollographql.com/docs/apollo-server/performance/apq#protocol
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Protocol

from regulars_core.shop.registered_documents import hash_of, registered
from regulars_core.shop.settings import Settings
from regulars_server.http.errors import HttpError
from regulars_server.http.request import GraphQLRequest

_NOT_FOUND = "PersistedQueryNotFound"
"""What clients look for is this message, urql's alone; so it is no sentence."""


class PersistedDocuments(Protocol):
    """The documents that need not be sent."""

    def text_of(self, request: GraphQLRequest, status: int) -> str:
        """The document that a request means. Raises HttpError: for one whose text is not of its hash (400), and with this
        status for one that is not there."""

    def keep(self, request: GraphQLRequest, text: str) -> None:
        """Remember what a request has sent with its hash, now that it was found valid."""


def persisted_documents(settings: Settings) -> PersistedDocuments:
    """The documents of one shop: registered ones where the settings name a file of them, or else a cache of its own. Raises
    ValueError for a file that cannot be used by now."""
    file = settings.persisted_documents
    return CachedDocuments(settings.persisted_cache) if file is None else RegisteredDocuments(registered(file))


class CachedDocuments:
    """Those that were sent before with their hash, the latest used ones, of at most `size` characters together."""

    def __init__(self, size: int) -> None:
        self._size, self._characters = size, 0
        self._texts: OrderedDict[str, str] = OrderedDict()

    def text_of(self, request: GraphQLRequest, status: int) -> str:
        """What was sent, or was sent before."""
        hashed, text = request.document_hash, request.query
        if hashed is None or text:
            if hashed is not None and hashed != hash_of(text):
                raise HttpError(400, "BAD_REQUEST", "The SHA-256 that was sent is not that of the document.")
            return text
        if hashed not in self._texts:
            raise HttpError(status, "PERSISTED_QUERY_NOT_FOUND", _NOT_FOUND)
        self._texts.move_to_end(hashed)
        return self._texts[hashed]

    def keep(self, request: GraphQLRequest, text: str) -> None:
        """Remember it, unless it is too long; those that were used the longest ago make room."""
        hashed = request.document_hash
        if hashed is None or hashed in self._texts or len(text) > self._size:
            return
        self._texts[hashed] = text
        self._characters += len(text)
        while self._characters > self._size:
            _, oldest = self._texts.popitem(last=False)
            self._characters -= len(oldest)


class RegisteredDocuments:
    """Those of a file, by their hashes, and no others. Who sends one as a text is answered too."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def text_of(self, request: GraphQLRequest, status: int) -> str:
        """What was registered."""
        sent = hash_of(request.query) if request.query else None
        hashed = request.document_hash or sent
        if sent is not None and hashed != sent:
            raise HttpError(400, "BAD_REQUEST", "The SHA-256 that was sent is not that of the document.")
        text = self._texts.get(hashed or "")
        if text is not None:
            return text
        if sent is None:
            raise HttpError(status, "PERSISTED_QUERY_NOT_FOUND", _NOT_FOUND)
        raise HttpError(status, "PERSISTED_QUERY_REQUIRED", "Only documents that the shop has registered are answered.")

    def keep(self, request: GraphQLRequest, text: str) -> None:
        """Nothing joins them."""
