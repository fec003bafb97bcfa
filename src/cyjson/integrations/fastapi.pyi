from .starlette import JSONResponse as JSONResponse

__all__ = ["JSONResponse"]
