"""What cyjson.tool shows on a terminal: JSON in colours, the place of a fault, progress."""

import os
import re
import shutil
import sys
import unicodedata
from contextlib import nullcontext

try:
    from _colorize import can_colorize, get_theme  # Python 3.14 and newer, with the themes that can be set there
except ImportError:
    get_theme = None

    def can_colorize(*, file):
        """Whether a text file takes colours, by Python 3.14's rules: PYTHON_COLORS, NO_COLOR, FORCE_COLOR, TERM."""
        if not sys.flags.ignore_environment and os.environ.get("PYTHON_COLORS") in ("0", "1"):
            return os.environ["PYTHON_COLORS"] == "1"
        if os.environ.get("NO_COLOR"):
            return False
        if os.environ.get("FORCE_COLOR"):
            return True
        if os.environ.get("TERM") == "dumb" or sys.platform == "win32":  # whose consoles older Pythons don't set up
            return False
        try:
            return os.isatty(file.fileno())
        except (AttributeError, OSError):
            return False


# As 3.14's default theme.
_RESET = "\x1b[0m"
_COLOURS = {"definition": "\x1b[1m", "string": "\x1b[32m", "number": "\x1b[33m", "keyword": "\x1b[1;34m"}

# Looser than JSON, since it is matched against JSON.
_PARTS = re.compile(
    r'(?P<definition>"(?:[^"\\]|\\.)*"(?=:))|(?P<string>"(?:[^"\\]|\\.)*")'
    r"|(?P<keyword>true|false|null)|(?P<number>NaN|-?(?:Infinity|[0-9][0-9.eE+-]*))"
)


def colours(file):
    """A function that colours the text of a JSON document, or of a key with its colon, for ``file``; or None."""
    if not can_colorize(file=file):
        return None
    if get_theme is None:
        theme, reset = _COLOURS, _RESET
    else:
        syntax = get_theme(tty_file=file).syntax
        theme, reset = {part: syntax[part] for part in _COLOURS}, syntax.reset
    return lambda text: _PARTS.sub(lambda part: f"{theme[part.lastgroup]}{part.group()}{reset}", text)


def _columns(character):
    """How many columns of a terminal a character takes."""
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def excerpt(before, after, width):
    """The place of a fault on two lines: the line it is in, cut to ``width`` columns, and a caret below the fault.

    ``before`` and ``after`` (str) are the text on both sides of it, which may begin and end anywhere.
    """
    shown = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
    left = shown.sub(" ", before.rpartition("\n")[2])
    right = shown.sub(" ", re.split("[\r\n]", after, maxsplit=1)[0])
    width = max(width - 1, 20)  # terminals wrap in the last column
    # The fault itself, and at least a third of the width after it if there is as much text.
    ahead = min(sum(map(_columns, right)), width // 3)
    left, column = _fit(left[::-1], width - max(ahead, 1))
    left = left[::-1]
    right, _ = _fit(right, width - column)
    return f"{left}{right}\n{' ' * column}^"


def _fit(text, width):
    """The beginning of a text, cut to so many columns, with dots where something is missing; and how many it takes."""
    taken, columns = 0, 0
    for character in text[: width + 1]:
        if columns + _columns(character) > width:
            break
        columns += _columns(character)
        taken += 1
    if taken == len(text):
        return text, columns
    while columns > width - 3:
        taken -= 1
        columns -= _columns(text[taken])
    return text[:taken] + "...", columns + 3


def terminal_width():
    return shutil.get_terminal_size().columns


def progress(total, outfile):
    """A context manager that gives a tqdm bar for so many bytes (None: unknown), shown on stderr after a second of
    work; or None where stderr is no terminal, the output goes to one, or tqdm isn't installed."""
    try:
        if not sys.stderr.isatty() or outfile.isatty():
            return nullcontext()
        from tqdm import tqdm
    except (AttributeError, ImportError, ValueError):
        return nullcontext()
    return tqdm(total=total, unit="B", unit_scale=True, unit_divisor=1024, delay=1, leave=False, file=sys.stderr)
