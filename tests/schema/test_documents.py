"""What a hostile client can neither fill nor break: the kept documents and the look for NUL."""

from collections.abc import Callable

import orjson
import pytest

from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.documents.documents import MAX_CACHED_CHARACTERS, Documents, ParsedDocument, parsed
from regulars_schema.documents.limits import Limits
from regulars_server.http.errors import HttpError
from regulars_server.http.request import read


@pytest.fixture
def of(schema: ComposedSchema) -> Callable[[str], ParsedDocument]:
    return lambda text: parsed(text, schema._schema, Limits())


def test_the_documents_used_last_are_kept(of: Callable[[str], ParsedDocument]) -> None:
    documents = Documents(2 * len("{ a }"))
    for name in "abc":
        documents.keep(f"{{ {name} }}", of(f"{{ {name} }}"))
    assert documents.find("{ a }") is None
    assert documents.find("{ b }") is not None
    documents.keep("{ d }", of("{ d }"))
    assert documents.find("{ b }") is not None
    assert documents.find("{ c }") is None


def test_a_huge_document_is_not_kept(of: Callable[[str], ParsedDocument]) -> None:
    documents = Documents()
    for length, kept in ((MAX_CACHED_CHARACTERS, True), (MAX_CACHED_CHARACTERS + 1, False)):
        text = "{ a }".ljust(length)
        documents.keep(text, of(text))
        assert (documents.find(text) is not None) is kept


def test_it_is_their_characters_that_are_bounded(of: Callable[[str], ParsedDocument]) -> None:
    documents = Documents(1_000)
    texts = [f"{{ field{n} }}".ljust(100) for n in range(50)]
    for text in (*texts, *texts[-3:]):
        documents.keep(text, of(text))
    assert [documents.find(text) is not None for text in texts] == [False] * 40 + [True] * 10
    documents.keep("{ a }".ljust(1_001), of("{ a }"))
    assert documents.find(texts[-1]) is not None


@pytest.mark.parametrize("depth", [1, 15])
def test_nul_is_found_however_deep_it_lies(depth: int) -> None:
    body = b'{"query": "{ a }", "variables": {"a": %s}}' % (b"[" * depth + orjson.dumps("\0") + b"]" * depth)
    with pytest.raises(HttpError) as refused:
        read(body)
    assert (refused.value.status, refused.value.code) == (400, "BAD_USER_INPUT")
