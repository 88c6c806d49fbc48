#!/usr/bin/env bash
# Soundex and Metaphone of jellyfish are the same for Muñoz and Munoz, NYSIIS and the match rating codex are not.
#
# Expected: one or the other for all four. They are offered side by side as codes of how a name sounds, without a word about accents, and
#   what Soundex does suggests that the package folds them.
# Seen: two decompose the letters first, two do not, and to these "é" is no vowel: Pérez is PÉR by NYSIIS, and Perez is PAR. Who compares customers by
#   NYSIIS, the stricter code, finds no Pérez who was typed as Perez, which is the commonest difference between two records in Spanish.
#   recordlinkage passes it on by `phonetic(…, "nysiis")`.
# With: jellyfish 1.3.0, Python 3.11.
# Source: https://jamesturk.github.io/jellyfish/functions/
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check jellyfish==1.3.0

cat > names.py <<'PY'
from jellyfish import match_rating_codex, metaphone, nysiis, soundex

pairs = [("Muñoz", "Munoz"), ("Pérez", "Perez"), ("Núñez", "Nunez"), ("Ruíz", "Ruiz")]
same = {}
for code in (soundex, metaphone, nysiis, match_rating_codex):
    codes = [(code(one), code(other)) for one, other in pairs]
    same[code.__name__] = sum(one == other for one, other in codes)
    print(f"{code.__name__}: {codes}")
assert same == {"soundex": 4, "metaphone": 4, "nysiis": 0, "match_rating_codex": 0}
PY
venv/bin/python names.py
