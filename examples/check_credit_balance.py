"""Check that a balance of store credit or points belongs to a ledger that was sealed.

    python check_credit_balance.py proof.json --seal-hash 64HEXDIGITS

Whoever keeps the hash of a seal of Regulars' ledger, as it was published when the seal was made, can check a proof against it
without trusting the shop's database or this program's author: it is short, needs Python's standard library alone, and does what
the documentation says byte by byte. `proof.json` is what the GraphQL API answers to

    query ($id: ID!) {
      customer(id: $id) {
        points { proof(seal: 12) {
          statement
          path { hash isFirst }
          seal { number sealedAt entryCount root previousHash hash }
        } }
      }
    }

that is `data.customer.points.proof`, or the whole answer with one proof in it. `-` reads from standard input.

What is checked:
 1. SHA-256 of the byte 0 and the statement is the leaf; SHA-256 of the byte 1 and both halves leads, step by step, to `root`.
 2. SHA-256 of `number|sealedAt|entryCount|root|previousHash` is the seal's `hash` (nothing for the `previousHash` of the first).
 3. With --seal-hash, that hash is the one that was published. Without it, what was proven is only that the proof fits itself.

With --history FILE the account's entries are checked, too: the file has one line for each, in their order from the first on, as
the documentation says how a row is written; their hashes, each over the hash before it, must lead to the statement's.

Prints what was proven and ends with 0; says what does not fit and ends with 1.
"""

import argparse
import json
import sys
from hashlib import sha256
from typing import Any


class DoesNotFit(Exception):
    """What was to be proven is not."""


def find_proof(answer: Any) -> dict[str, Any]:
    """The one proof in an answer of the API."""
    found: list[dict[str, Any]] = []

    def look(value: Any) -> None:
        if isinstance(value, dict):
            if {"statement", "path", "seal"} <= value.keys():
                found.append(value)
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    look(answer)
    if len(found) != 1:
        raise DoesNotFit(f"There are {len(found)} proofs in the file, not one.")
    return found[0]


def digest(text: Any, name: str) -> bytes:
    """32 bytes, written as 64 hexadecimal digits."""
    if not isinstance(text, str) or len(text) != 64 or set(text) - set("0123456789abcdef"):
        raise DoesNotFit(f"{name} is not 64 hexadecimal digits.")
    return bytes.fromhex(text)


def root_of(statement: str, path: list[dict[str, Any]]) -> str:
    """The root to which a statement leads."""
    over = sha256(b"\0" + statement.encode()).digest()
    for step in path:
        other = digest(step["hash"], "A step of the path")
        over = sha256(b"\1" + (other + over if step["isFirst"] else over + other)).digest()
    return over.hex()


def seal_hash(seal: dict[str, Any]) -> str:
    """The hash of a seal."""
    parts = (seal["number"], seal["sealedAt"], seal["entryCount"], seal["root"], seal["previousHash"] or "")
    return sha256("|".join(map(str, parts)).encode()).hexdigest()


def check_history(rows: list[str], statement: str) -> None:
    """That these rows of entries lead to the last hash in the statement, and to its balance."""
    account, unit, balance, _, version, last = statement.split("|")
    over = bytes(32)
    for row in rows:
        over = sha256(over + row.encode()).digest()
    if over.hex() != last:
        raise DoesNotFit(f"The history leads to {over.hex()}, the statement says {last}.")
    entries = [row.split("|") for row in rows]
    if str(len(entries)) != version or any(entry[1:3] != [account, unit] for entry in entries):
        raise DoesNotFit("The history is not that of the account.")
    if entries[-1][5] != balance or str(sum(int(entry[4]) for entry in entries)) != balance:
        raise DoesNotFit(f"The history comes to another balance than {balance}.")


def check(proof: dict[str, Any], published: str | None, rows: list[str] | None) -> str:
    """What a proof proves, in a sentence or two. Raises DoesNotFit."""
    seal, statement = proof["seal"], proof["statement"]
    parts = statement.split("|")
    if len(parts) != 6:
        raise DoesNotFit("The statement is not account|unit|balance|debt|version|hash.")
    root = root_of(statement, proof["path"])
    if root != seal["root"]:
        raise DoesNotFit(f"The path leads to {root}, the seal has {seal['root']}.")
    if (hashed := seal_hash(seal)) != seal["hash"]:
        raise DoesNotFit(f"The seal's hash is {hashed}, it says {seal['hash']}.")
    if published is not None and published.strip().lower() != seal["hash"]:
        raise DoesNotFit(f"The seal has the hash {seal['hash']}, published was {published.strip().lower()}.")
    if rows is not None:
        check_history(rows, statement)
    account, unit, balance, debt, version, _ = parts
    kept = "" if published is not None else " Compare the seal's hash with the one that was published."
    return (
        f"{account} had {balance} {unit} (minor units or points; {debt} of debt are taken off) after {version} entries"
        f" when seal {seal['number']} was made at {seal['sealedAt']}.{kept}"
    )


def main() -> int:
    """Run as a program."""
    parser = argparse.ArgumentParser(description="Check a proof of a balance against a seal.")
    parser.add_argument("proof", help="the file with the proof, as JSON; - for standard input")
    parser.add_argument("--seal-hash", help="the hash of the seal, as it was published")
    parser.add_argument("--history", help="a file with the rows of the account's entries")
    arguments = parser.parse_args()
    try:
        with sys.stdin if arguments.proof == "-" else open(arguments.proof, encoding="utf-8") as file:
            proof = find_proof(json.load(file))
        rows = None
        if arguments.history:
            with open(arguments.history, encoding="utf-8") as file:
                rows = file.read().splitlines()
        print(check(proof, arguments.seal_hash, rows))
    except (DoesNotFit, KeyError, TypeError, ValueError) as error:
        print(f"NOT PROVEN: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
