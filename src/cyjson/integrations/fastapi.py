"""FastAPI: ``FastAPI(default_response_class=JSONResponse)``, or ``response_class=JSONResponse`` for a route.

A route with a return type is written by pydantic, fast, unless it has a response class of its own: leave those alone.
"""

from .starlette import JSONResponse

__all__ = ["JSONResponse"]
