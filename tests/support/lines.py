"""What the tests of cyjson.lines share: a file of lines in every spelling, random lines, and all that comes of them."""

import gzip
import re

import cyjson
from cyjson import lines

DATA = '{"a": 1}\r\n\n \t \r\n[2, "é中😀"]\n"x"\r\n\r\n1.5e3\nnull'.encode()
DOCUMENTS = [{"a": 1}, [2, "é中😀"], "x", 1500.0, None]


def written(folder, data, name="data.ndjson"):
    path = folder / name
    with (gzip.open if name.endswith(".gz") else open)(path, "wb") as file:
        file.write(data)
    return path


class Refused(ValueError):
    pass


def plain(document):
    return document.value() if isinstance(document, (cyjson.LazyObject, cyjson.LazyArray)) else document


def message(error):
    """What it says, without how much of its stack a thread had used."""
    return re.sub(r" \(used \d+ kB\)", "", str(error))


def outcomes(make, **options):
    """All that an iteration gives and raises, with the places."""
    found = []
    reported = []
    if options.get("errors") == "call":
        options["errors"] = lambda error: reported.append((message(error), error.lineno, error.offset, error.doc))
    try:
        reader = make(**options)
    except (ValueError, TypeError) as error:
        return type(error), str(error)
    while True:
        try:
            value = next(reader)
        except StopIteration:
            break
        except RecursionError as error:
            found.append((type(error), reader.lineno, reader.offset))
        except Exception as error:
            place = (error.lineno, error.offset, error.truncated) if isinstance(error, lines.LineError) else None
            found.append((type(error), message(error), place))
        else:
            found.append((repr(plain(value)), reader.lineno, reader.offset))
    return found, reported, reader.lineno


def random_line(rng):
    """A line, most often of an object; others are what is looked at by itself: faults, scalars, white space."""
    name = rng.choice(["id", "i\\u0064", "other", "x" * 70, "i\\\\d"])
    member = f'"{name}":{rng.choice(["1", "[1,2]", "null", chr(34) * 2, "-0.5e3", "1" * 70])}'
    good = [
        "{" + ",".join([member, '"user":{"name":"n\\n"}', '"id":2'][: rng.randrange(4)]) + "}",
        '{"id": "' + "é" * rng.randrange(50) + '", "tags": [0, {"a": "\\\\"}]}',
        '["a","b"]',
    ]
    odd = ["", " ", "7", '"id"', "{}x", "{} {}", '{"id":01}', '{"id":tru}', "[}", '{"id":\t1}', "{}\r{}", ' {"id":3}']
    odd += ["\ufeff{}", '{"id":"\x01"}', '{"id":"', "[" * 30 + "]" * 30]
    odd += ['{"id":"' + "y" * rng.choice([9, 40_000, 200_000]) + '"}']
    return rng.choice(odd if rng.random() < 0.1 else good)
