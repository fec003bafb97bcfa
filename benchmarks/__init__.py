"""Benchmarks that anyone can rerun: ``python -m benchmarks``, or ``make bench`` (see README.md beside this file)."""
