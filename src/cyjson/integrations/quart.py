"""Quart, whose provider is Flask's: ``app.json = JSONProvider(app)``."""

from .flask import JSONProvider

__all__ = ["JSONProvider"]
