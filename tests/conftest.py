"""Hypothesis profiles, and the backend that the run is meant to test."""

import gc
import os

import pytest
from hypothesis import HealthCheck, settings
from support.amount import CHOSEN

import cyjson

COMMON = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
settings.register_profile("short", max_examples=40, derandomize=True, **COMMON)
settings.register_profile("all", max_examples=200, derandomize=True, **COMMON)
settings.register_profile("thorough", max_examples=5000, print_blob=True, **COMMON)
settings.load_profile(CHOSEN)


def pytest_report_header(config):
    return f"cyjson {cyjson.__version__}, backend {cyjson.backend}, from {os.path.dirname(cyjson.__file__)}"


def pytest_sessionstart(session):
    expected = os.environ.get("CYJSON_EXPECT_BACKEND", cyjson.backend)
    if expected != cyjson.backend:
        pytest.exit(f"CYJSON_EXPECT_BACKEND={expected}, but the backend is {cyjson.backend!r}", returncode=2)
    level = getattr(cyjson._impl, "cpu", None)
    expected = os.environ.get("CYJSON_EXPECT_CPU", level)
    if expected != level:
        pytest.exit(f"CYJSON_EXPECT_CPU={expected}, but the level is {level!r}", returncode=2)


@pytest.hookimpl(tryfirst=True)  # before -m selects
def pytest_collection_modifyitems(items):
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("long")


def pytest_collection_finish(session):
    # The tests ask for thousands of collections, which needn't look at pytest's objects.
    gc.collect()
    if hasattr(gc, "freeze"):
        gc.freeze()
