# pyright: reportMissingImports=false
from typing import Any

from sqlalchemy import URL, Engine
from sqlalchemy.ext.asyncio import AsyncEngine

def create_engine(url: str | URL, **kwargs: Any) -> Engine: ...
def create_async_engine(url: str | URL, **kwargs: Any) -> AsyncEngine: ...
