"""How many random inputs and rounds the tests take, by CYJSON_TESTS.

``short`` is what ``make test`` does: every promise, with few repetitions. ``all`` is what ``make test-all`` and CI do
too; ``thorough`` is for a night. Tests that do more then are marked with ``@long``, those with hypothesis by conftest.
"""

import os

import pytest

AMOUNTS = "short", "all", "thorough"
CHOSEN = os.environ.get("CYJSON_TESTS") or "short"
if CHOSEN not in AMOUNTS:
    raise ValueError(f"CYJSON_TESTS={CHOSEN}: it is one of {', '.join(AMOUNTS)}")

long = pytest.mark.long


def amount(short, everything, thorough=None):
    """The number that was chosen; without ``thorough``, ``everything`` stands for both."""
    if thorough is None:
        thorough = everything
    return {"short": short, "all": everything, "thorough": thorough}[CHOSEN]
