__all__ = ["main"]

WHOLE: int
BLOCK: int
CHUNK: int

def main() -> None: ...
def run() -> None: ...
