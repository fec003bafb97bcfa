"""Hypothesis profiles, and the backend that the run is meant to test."""

import gc
import os
import sys

import pytest
from hypothesis import HealthCheck, settings

import cyjson

COMMON = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
settings.register_profile("quick", max_examples=200, derandomize=True, **COMMON)
settings.register_profile("thorough", max_examples=5000, print_blob=True, **COMMON)
settings.load_profile(os.environ.get("CYJSON_HYPOTHESIS", "quick"))


def pytest_report_header(config):
    return f"cyjson {cyjson.__version__}, backend {cyjson.backend}, from {os.path.dirname(cyjson.__file__)}"


def pytest_sessionstart(session):
    expected = os.environ.get("CYJSON_EXPECT_BACKEND", cyjson.backend)
    if expected != cyjson.backend:
        pytest.exit(f"CYJSON_EXPECT_BACKEND={expected}, but the backend is {cyjson.backend!r}", returncode=2)


def pytest_collection_finish(session):
    # Without a GIL every collection, of the youngest too, goes through all objects: the tests ask for thousands,
    # which needn't look at pytest's.
    if hasattr(sys, "_is_gil_enabled") and not sys._is_gil_enabled():
        gc.collect()
        gc.freeze()
