from .flask import JSONProvider as JSONProvider

__all__ = ["JSONProvider"]
