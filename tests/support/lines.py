"""What the tests of cyjson.lines share: a file of lines in every spelling, and its documents."""

import gzip

DATA = '{"a": 1}\r\n\n \t \r\n[2, "é中😀"]\n"x"\r\n\r\n1.5e3\nnull'.encode()
DOCUMENTS = [{"a": 1}, [2, "é中😀"], "x", 1500.0, None]


def written(folder, data, name="data.ndjson"):
    path = folder / name
    with (gzip.open if name.endswith(".gz") else open)(path, "wb") as file:
        file.write(data)
    return path


class Refused(ValueError):
    pass
