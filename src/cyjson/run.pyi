from collections.abc import Sequence

USAGE: str

def main(arguments: Sequence[str] | None = None) -> None: ...
