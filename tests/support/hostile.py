# ruff: noqa: E501
"""Documents and requests that nobody sends who means well, made in code."""

from collections.abc import Iterator
from typing import Any

import orjson

FIELDS = ("name", "currencyCode", "timezone", "country", "__typename")


def spreading(count: int, per: int, end: str, type_: str = "Query") -> str:
    """Fragments of which each spreads the next `per` times."""
    body = " ".join(f"fragment F{n} on {type_} {{ {' '.join([f'...F{n + 1}'] * per)} }}" for n in range(count))
    return f"{body} fragment F{count} on {type_} {{ {end} }}"


def nested(count: int, opening: str, end: str, closing: str = "}") -> str:
    return opening * count + end + closing * count


def documents() -> Iterator[tuple[str, str]]:
    """Each with a name of its own."""
    yield from fragment_bombs()
    yield from wide_documents()
    yield from deep_documents()
    yield from values()
    yield from headers_of_operations()
    yield from broken_documents()


def fragment_bombs() -> Iterator[tuple[str, str]]:
    for count in (3, 10, 30, 45, 100, 250):
        for per in (1, 2, 3, 10):
            yield f"bomb {count}x{per}", "{ ...F0 } " + spreading(count, per, "shop { name }")
    for count in (5, 20, 48):
        yield f"bomb in a type {count}", "{ shop { ...F0 } } " + spreading(count, 2, "name", "Shop")
        yield f"bomb of aliases {count}", "{ ...F0 } " + spreading(count, 2, "a: __typename b: __typename")
        yield f"bomb of introspection {count}", "{ ...F0 } " + spreading(count, 2, "__schema { types { name } }")
        yield f"bomb of pages {count}", "{ ...F0 } " + spreading(count, 2, "customers(first: 100) { nodes { id } }")
        yield f"bomb that nobody spreads {count}", "{ __typename } " + spreading(count, 2, "shop { name }")
    for count in (1, 2, 3, 20, 90):
        ring = " ".join(f"fragment F{n} on Query {{ ...F{(n + 1) % count} }}" for n in range(count))
        yield f"circle of {count}", "{ ...F0 } " + ring
        yield f"circle of {count} that nobody enters", "{ __typename } " + ring
        yield (
            f"circle of {count} through fields",
            "{ ...F0 } " + ring.replace("{ ...", "{ shop { name } ... { ...").replace(" }", " } }"),
        )
    for count in (50, 99, 150, 280):
        yield f"{count} fragments beside each other", (
            "{ shop {" + "".join(f" ...F{n}" for n in range(count)) + " } } "
            + " ".join(f"fragment F{n} on Shop {{ name country }}" for n in range(count))
        )  # fmt: skip
        yield f"{count} fragments of one name", "{ shop { ...F } } " + "fragment F on Shop { name } " * count
        yield f"{count} fragments that are not there", "{ shop {" + "".join(f" ...F{n}" for n in range(count)) + " } }"


def wide_documents() -> Iterator[tuple[str, str]]:
    for count in (31, 101, 1_000, 10_000):
        yield f"{count} aliases", "{ shop {" + "".join(f" a{n}: name" for n in range(count)) + " } }"
        yield f"{count} aliases of the root", "{" + "".join(f" a{n}: shop {{ name }}" for n in range(count)) + " }"
        yield f"{count} times one field", "{ shop {" + " name" * count + " } }"
        yield f"{count} times __typename", "{" + " __typename" * count + " }"
        yield f"{count} unknown fields", "{ shop {" + "".join(f" nam{n}" for n in range(count)) + " } }"
        yield f"{count} times some fields", "{ shop {" + (" " + " ".join(FIELDS)) * count + " } }"
        yield f"{count} inline fragments", "{ shop {" + " ... on Shop { name }" * count + " } }"
        yield f"{count} subselections", "{ customers {" + " nodes { group { name } }" * count + " } }"
        yield (
            f"{count} empty pages",
            "{" + "".join(f" customers(first: 0) {{ nodes {{ id{n}: id }} }}" for n in range(count)) + "}",
        )
        yield f"{count} known directives", "{ shop {" + " name @skip(if: false)" * count + " } }"
        yield f"{count} directives in one place", "{ shop { name" + " @skip(if: false)" * count + " } }"
        yield f"{count} unknown directives", "{ shop { name" + "".join(f" @d{n}" for n in range(count)) + " } }"
        yield f"{count} conflicts", "{ shop {" + " a: name a: country" * count + " } }"


def deep_documents() -> Iterator[tuple[str, str]]:
    for depth in (13, 50, 300, 990, 5_000):
        yield f"fields {depth} deep", "{" + nested(depth, "shop {", "name") + "}"
        yield f"inline fragments {depth} deep", "{" + nested(depth, "... {", "__typename") + "}"
        yield (
            f"introspection {depth} deep",
            "{ __schema { types {" + nested(depth, "fields { type {", "name", "} }") + "} } }",
        )
        yield (
            f"ofType {depth} deep",
            "{ __schema { types { fields { type {" + nested(depth, "ofType {", "name") + "} } } } }",
        )
        yield f"not closed {depth} deep", "{" + "shop {" * depth
        yield f"lists {depth} deep", "{ customers(where: " + nested(depth, "[", "", "]") + ") { totalCount } }"
        yield f"where {depth} deep", "{ customers(where: " + nested(depth, "{not: ", "{}") + ") { totalCount } }"
        yield f"a type {depth} deep", "query($a: " + nested(depth, "[", "Int", "]") + ") { __typename }"
    page = "customer { purchases(first: 100) { nodes {"
    for depth in (2, 3, 4, 8):
        yield (
            f"pages {depth} deep",
            "{ customers(first: 100) { nodes { purchases(first: 100) { nodes {"
            + nested(depth, page, " id ", "} } }")
            + "} } } } }",
        )


def values() -> Iterator[tuple[str, str]]:
    where = "{ customers(where: %s) { totalCount } }"
    for count in (51, 201, 660, 5_000):
        yield f"{count} conditions", where % ("{any: [" + "{status: {in: [ACTIVE]}} " * count + "]}")
        yield f"{count} empty trees", where % ("{all: [" + "{} " * count + "]}")
        yield f"{count} texts", where % ("{tag: {in: [" + '"a" ' * count + "]}}")
        yield f"{count} numbers for texts", where % ("{tag: {in: [" + "1 " * count + "]}}")
        yield f"{count} unknown leaves", where % ("{" + "".join(f"statu{n}: 1 " for n in range(count)) + "}")
        yield f"{count} times one leaf", where % ("{" + "status: {in: [ACTIVE]} " * count + "}")
        yield f"{count} arguments", "{ customers(" + "first: 1 " * count + ") { totalCount } }"
        yield (
            f"{count} unknown arguments",
            "{ customers(" + "".join(f"firs{n}: 1 " for n in range(count)) + ") { totalCount } }",
        )
        yield f"{count} unknown variables", where % ("{tag: {in: [" + "".join(f"$v{n} " for n in range(count)) + "]}}")
    for digits in (11, 20, 100, 5_000, 65_000):
        for number in ("9" * digits, "-" + "9" * digits, "1." + "9" * digits, "1e" + "9" * digits, "0" * digits):
            yield f"number {number[:2]} of {digits}", "{ customers(first: " + number + ") { totalCount } }"
        yield f"text of {digits}", '{ customers(search: "%s") { totalCount } }' % ("x" * digits)
        yield f"decimal of {digits}", where % ('{totalSpent: {gte: "%s"}}' % ("9" * digits))
        yield f"enum of {digits}", "{ customers(orderBy: {field: %s}) { totalCount } }" % ("X" * digits)
        yield f"cursor of {digits}", '{ customers(after: "%s") { totalCount } }' % ("A" * digits)
        yield f"id of {digits}", '{ node(id: "customer_%s") { id } }' % ("0" * digits)
        yield f"name of {digits}", "{ " + "n" * digits + " }"
        yield f"type of {digits}", "query($a: " + "CustomerWhere" * (digits // 13) + ") { __typename }"
    for text in (r"\u0000", r"\u{0}", r"\u{110000}", r"\uD800", r"\u{D800}", r"\uDC00\uD800", r"\x", "\\", "\n", "\t"):
        yield f"text {text!r}", '{ customers(search: "' + text + '") { totalCount } }'
    for size in (100, 16_000, 64_000):
        yield f"block of {size}", '{ customers(search: """%s""") { totalCount } }' % ("\n " * (size // 2))
        yield f"quotes in a block of {size}", '{ customers(search: """%s""") { totalCount } }' % ('\\"""' * (size // 4))
        yield f"escapes of {size}", '{ customers(search: "%s") { totalCount } }' % ("\\u0041" * (size // 6))
        yield f"comment of {size}", "#" * size + "\n{ __typename }"
        yield f"comments of {size}", "#\n" * (size // 2) + "{ __typename }"
        yield f"commas of {size}", "," * size + "{ __typename }"
        yield f"marks of {size}", "\ufeff" * (size // 3) + "{ __typename }"


def headers_of_operations() -> Iterator[tuple[str, str]]:
    for count in (2, 11, 60, 1_000):
        yield f"{count} operations", " ".join(f"query Q{n} {{ __typename }}" for n in range(count))
        yield f"{count} operations of one name", "query Q { __typename } " * count
        yield f"{count} operations without a name", "{ __typename } " * count
        yield f"{count} variables", "query(" + " ".join(f"$v{n}: Int" for n in range(count)) + ") { __typename }"
        yield f"{count} times one variable", "query(" + "$v: Int " * count + ") { __typename }"
        yield (
            f"{count} unknown types",
            "query(" + " ".join(f"$v{n}: CustomerWher{n}" for n in range(count)) + ") { __typename }",
        )
        yield f"{count} types of its own", "type A { a: Int } " * count
        yield f"{count} extensions", "extend type Query { a: Int } " * count
        yield f"{count} fragments in {min(count, 10)} operations", (
            " ".join(f"query Q{n} {{ ...F }}" for n in range(min(count, 10)))
            + " fragment F on Query { customers(where: {tag: {in: ["
            + "".join(f"$v{n} " for n in range(count)) + "]}}) { totalCount } }"
        )  # fmt: skip
    yield "a subscription", "subscription { customers { totalCount } }"
    yield "deferred", "{ ... @defer { shop { name } } }"
    yield "streamed", "{ customers { nodes @stream(initialCount: 0) { id } } }"
    yield "arguments of a fragment", "{ ...F(a: 1) } fragment F($a: Int) on Query { __typename }"


def broken_documents() -> Iterator[tuple[str, str]]:
    whole = "query Q($a: Int = 1) { customers(first: $a) { nodes { id @skip(if: false) } } }"
    for cut in range(1, len(whole), 3):
        yield f"cut off at {cut}", whole[:cut]
    for text in ("{}", "{ }", "query", "{ a { } }", "()", "{ shop(", "@", "$", "...", "{ ...", "{ ...on }", "\u2028{a}", "{a}\0",
                 "qwerty cop { abc }", "{ __typename } }", '"', '"""', "{ a: }", "{ shop { name: } }", "🏃", "{ 🏃 }", "&&&&"):  # fmt: skip
        yield f"broken {text!r}", text


def bodies() -> Iterator[tuple[str, bytes]]:
    """Bodies that are no request, or a strange one."""
    ask = b'{"query":"{__typename}"'
    for name, text in {
        "nothing": b"", "a space": b" ", "a brace": b"{", "null": b"null", "true": b"true", "a number": b"7", "a text": b'"{a}"',
        "an array": b"[]", "arrays": b"[[[[]]]]", "one in an array": b"[" + ask + b"}]", "no query": b"{}",
        "query null": b'{"query":null}', "query a number": b'{"query":1}', "query a list": b'{"query":["{a}"]}',
        "query an object": b'{"query":{"a":1}}', "query empty": b'{"query":""}', "twice a query": b'{"query":1,"query":"{__typename}"}',
        "latin-1": b'{"query":"{customers(search:\\"\xe9\\"){totalCount}}"}', "utf-16": '{"query":"{a}"}'.encode("utf-16"),
        "a mark": b"\xef\xbb\xbf" + ask + b"}", "overlong": b'{"query":"\xc0\x80"}', "cut in a letter": b'{"query":"\xe2\x82"}',
        "a surrogate": b'{"query":"{__typename}","variables":{"a":"\\ud800"}}', "a surrogate in utf-8": b'{"query":"\xed\xa0\x80"}',
        "NaN": ask + b',"variables":{"a":NaN}}', "Infinity": ask + b',"variables":{"a":-Infinity}}', "hex": ask + b',"variables":{"a":0x1}}',
        "1e999": ask + b',"variables":{"a":1e999}}', "huge int": ask + b',"variables":{"a":' + b"9" * 50_000 + b"}}",
        "single quotes": b"{'query':'{a}'}", "a comment": b"/* */" + ask + b"}", "a comma": ask + b",}", "trailing": ask + b"}}",
        "two": ask + b"}" + ask + b"}", "extensions a text": ask + b',"extensions":"x"}', "extensions a list": ask + b',"extensions":[]}',
        "a persisted query": b'{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"00"}}}',
        "variables a list": ask + b',"variables":[]}', "variables a text": ask + b',"variables":"{}"}',
        "a name that is none": ask + b',"operationName":7}', "another name": ask + b',"operationName":"Other"}',
        "an empty name": ask + b',"operationName":""}', "NUL": ask + b',"variables":{"a":"\\u0000"}}', "a NUL": ask + b"\0}",
        "form": b"query=%7B__typename%7D", "multipart": b"--x\r\n\r\n{}\r\n--x--", "xml": b"<query/>",
    }.items():  # fmt: skip
        yield name, text
    for depth in (21, 60, 500, 1_500, 60_000):
        yield f"lists {depth} deep", ask + b',"variables":{"a":' + b"[" * depth + b"]" * depth + b"}}"
        yield f"objects {depth} deep", ask + b',"variables":' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"
    for count in (100, 10_000, 50_000):
        asked: dict[str, Any] = {"query": "query($w: CustomerWhere) { customers(where: $w) { totalCount } }"}
        for name, where in {
            "leaves": {f"statu{n}": 1 for n in range(count)}, "texts": {"tag": {"in": ["a"] * count}},
            "numbers": {"tag": {"in": [1] * count}}, "trees": {"any": [{}] * count}, "nulls": {"all": [None] * count},
        }.items():  # fmt: skip
            body = orjson.dumps(asked | {"variables": {"w": where}})
            if len(body) <= 262_144:
                yield f"{count} {name} in variables", body
    yield "too large", b" " * 300_000


def heads(key: str) -> Iterator[tuple[str, bytes]]:
    """Whole requests, as bytes."""
    body = b'{"query":"{__typename}"}'

    def post(
        *lines: str, body: bytes = body, length: int | None = None, target: str = "/graphql", method: str = "POST"
    ) -> bytes:
        given = [f"{method} {target} HTTP/1.1", "Host: shop", *lines]
        if not any(line.lower().startswith("transfer-encoding") for line in lines):
            given.append(f"Content-Length: {len(body) if length is None else length}")
        return "\r\n".join(given).encode("latin-1") + b"\r\n\r\n" + body

    known, json = f"Authorization: Bearer {key}", "Content-Type: application/json"
    for media in ("", "text/plain", "application/graphql", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded",
                  "application/json; charset=utf-7", "application/json; charset=utf-16le", "application/json;charset", ";;;", "*/*",
                  "application/json, text/plain", "application/json/", "\xff", "application/json; charset=" + "x" * 5_000):  # fmt: skip
        yield f"media type {media[:30]!r}", post(known, f"Content-Type: {media}")
    for accept in (
        "text/html",
        "application/json;q=0",
        "*/*;q=0",
        "q=1",
        ";",
        "\xff",
        "a/b," * 5_000,
        "application/json;q=" + "9" * 500,
    ):
        yield f"accept {accept[:20]!r}", post(known, json, f"Accept: {accept}")
    for auth in (
        "",
        "Bearer",
        "Bearer ",
        "Basic x",
        f"bearer {key}x",
        f"Bearer {key[:-1]}",
        "Bearer " + "x" * 20_000,
        "Bearer \xff",
        f"{key}",
    ):
        yield f"authorization {auth[:12]!r}{len(auth)}", post(f"Authorization: {auth}", json)
    for method in (
        "GET",
        "PUT",
        "DELETE",
        "PATCH",
        "HEAD",
        "OPTIONS",
        "TRACE",
        "PROPFIND",
        "M-SEARCH",
        "BREW",
        "get",
        "CONNECT",
    ):
        yield f"method {method}", post(known, json, method=method)
    for target in ("/graphql/", "/graphql?query={__typename}", "/graphql%00", "/%2e%2e/etc/passwd", "//graphql", "*", "/graphql#a",
                   "/" + "x" * 30_000, "/graphql\xff", "http://other/graphql", "/graphql;a", "/graphiql/static/../../app.py"):  # fmt: skip
        yield f"target {target[:30]!r}", post(known, json, target=target)
    yield "huge header", post(known, json, "X-Long: " + "x" * 100_000)
    yield "endless header", b"POST /graphql HTTP/1.1\r\nX-Long: " + b"x" * 400_000
    yield "many headers", post(known, json, *(f"X-{n}: {n}" for n in range(5_000)))
    yield "bad header", post(known, json, "X Y: 1")
    yield "no colon", post(known, json, "nonsense")
    yield "folded", post(known, json, "X-A: 1\r\n 2")
    yield "request id", post(known, json, "X-Request-Id: ana@example.com")
    yield "request id that splits", post(known, json, "X-Request-Id: a\r\n\tX-Other: b")
    yield "compressed", post(known, json, "Content-Encoding: gzip")
    yield "two lengths", post(known, json, "Content-Length: 5")
    yield "negative length", post(known, json, length=-1)
    yield "no number", post(known, json, "Content-Length: x")
    yield "longer than said", post(known, json, length=5)
    yield "shorter than said", post(known, json, length=500)
    yield "too large by its length", post(known, json, length=10_000_000)
    yield "too large and asks first", post(known, json, "Expect: 100-continue", body=b"", length=10_000_000)
    yield "expects what is not there", post(known, json, "Expect: nonsense")
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    yield "chunked by the byte", post(known, json, "Transfer-Encoding: chunked", body=chunks)
    yield (
        "chunked and long",
        post(
            known, json, "Transfer-Encoding: chunked", body=(b"8000\r\n" + b" " * 32_768 + b"\r\n") * 12 + b"0\r\n\r\n"
        ),
    )
    yield "chunked badly", post(known, json, "Transfer-Encoding: chunked", body=b"zz\r\n")
    yield "chunk of a huge size", post(known, json, "Transfer-Encoding: chunked", body=b"fffffffffffffffff\r\n")
    yield "chunked twice", post(known, json, "Transfer-Encoding: chunked, chunked", body=chunks)
    yield (
        "chunked and measured",
        post(known, json, "Content-Length: 5", "Transfer-Encoding: chunked", body=chunks),
    )
    yield "gzip chunked", post(known, json, "Transfer-Encoding: gzip, chunked", body=chunks)
    yield (
        "websocket",
        post(known, "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: eA==", method="GET", body=b""),
    )
    yield "http2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    yield "http 0.9", b"GET /graphql\r\n\r\n"
    yield "http 1.0", post(known, json).replace(b"HTTP/1.1", b"HTTP/1.0")
    yield "http 9.9", post(known, json).replace(b"HTTP/1.1", b"HTTP/9.9")
    yield "no host", post(known, json).replace(b"Host: shop\r\n", b"")
    yield "lines end in LF", post(known, json).replace(b"\r\n", b"\n")
    yield "tls", bytes.fromhex("16030100c8010000c40303") + b"\0" * 200
    yield "zeros", b"\0" * 1_000
    yield "pipelined", post(known, json) * 20
    yield "pipelined with nonsense", post(known, json) + b"NONSENSE\r\n\r\n"
