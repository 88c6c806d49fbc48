"""What a hostile client can neither fill nor break: the kept documents and the look for NUL."""

import orjson
import pytest
from graphql import parse

from regulars_schema.documents import LONGEST_KEPT, Documents
from regulars_server.http import Fault, _read


def test_the_documents_used_last_are_kept() -> None:
    documents = Documents(2)
    for name in "abc":
        documents.keep(f"{{ {name} }}", parse(f"{{ {name} }}"))
    assert documents.find("{ a }") is None
    assert documents.find("{ b }") is not None
    documents.keep("{ d }", parse("{ d }"))
    assert documents.find("{ b }") is not None
    assert documents.find("{ c }") is None


def test_a_huge_document_is_not_kept() -> None:
    documents = Documents(2)
    for length, kept in ((LONGEST_KEPT, True), (LONGEST_KEPT + 1, False)):
        text = "{ a }".ljust(length)
        documents.keep(text, parse(text))
        assert (documents.find(text) is not None) is kept


@pytest.mark.parametrize("depth", [1, 900])
def test_nul_is_found_however_deep_it_lies(depth: int) -> None:
    body = b'{"query": "{ a }", "variables": {"a": %s}}' % (b"[" * depth + orjson.dumps("\0") + b"]" * depth)
    with pytest.raises(Fault) as refused:
        _read(body)
    assert (refused.value.status, refused.value.code) == (400, "BAD_USER_INPUT")
