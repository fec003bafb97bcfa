# pyright: reportMissingImports=false
from psycopg.abc import AdaptContext

def register(context: AdaptContext | None = None) -> None: ...
