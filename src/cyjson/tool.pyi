__all__ = ["main"]

WHOLE: int
BLOCK: int

def main() -> None: ...
def run() -> None: ...
