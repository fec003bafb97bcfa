"""Every way to write a value as text, and objects that pass for others."""

import io


class Proxy:
    """An object that passes for another by its ``__class__``."""

    def __init__(self, wrapped):
        self.wrapped = wrapped

    __class__ = property(lambda self: type(self.wrapped))

    def __add__(self, other):
        return self.wrapped + other

    def __radd__(self, other):
        return other + self.wrapped

    def __mul__(self, other):
        return self.wrapped * other

    __rmul__ = __mul__

    def __repr__(self):
        return f"Proxy({self.wrapped!r})"


def written(json, value, **options):
    file = io.StringIO()
    json.dump(value, file, **options)
    return file.getvalue()


WRITERS = {
    "dumps": lambda json, value, **options: json.dumps(value, **options),
    "dump": written,
    "encoder": lambda json, value, **options: json.JSONEncoder(**options).encode(value),
    "iterencode": lambda json, value, **options: "".join(json.JSONEncoder(**options).iterencode(value)),
    "one shot": lambda json, value, **options: "".join(json.JSONEncoder(**options).iterencode(value, _one_shot=True)),
}
