"""Inputs that the fuzzer found to be of interest, checked again, and a few seconds of new ones. See tools/fuzz.py."""

import random
from pathlib import Path

import pytest
from fuzz import module
from support.amount import amount, long
from support.compare import PYPY

CORPUS = Path(__file__).parent / "fuzz" / "module.txt"
INPUTS = [bytes.fromhex(line) for line in CORPUS.read_text().split()]
COUNT = amount(1_000, 5_000, 200_000)


@pytest.mark.parametrize("part", range(8))
def test_corpus(part):
    for data in INPUTS[part::8]:
        module.check(data)


def test_corpus_is_there():
    assert len(INPUTS) > 100


@long
def test_random_inputs():
    source = random.Random(7)
    for _ in range(COUNT):
        module.check(source.randbytes(source.choice([8, 20, 40, 100, 300])))


def test_differences_are_seen(monkeypatch):
    """A module that isn't json's twin doesn't pass: the check can fail."""
    wrong = {
        "loads": lambda text, **options: module.json.loads(text, **{**options, "parse_float": str}),
        "dumps": lambda value, **options: module.json.dumps(value, **{**options, "sort_keys": True}),
        "encode": lambda value, **options: b"",
    }
    if PYPY:
        del wrong["encode"]  # which isn't compared with PyPy's json
    for name, function in wrong.items():
        with monkeypatch.context() as patch, pytest.raises(module.Difference):
            patch.setattr(module.cyjson, name, function)
            for data in INPUTS:
                module.check(data)
