"""Containers that change while they are written, and subclasses whose methods are their own."""

import pytest

OPTIONS = pytest.mark.parametrize(
    "options",
    [{}, {"indent": 1}, {"sort_keys": True}, {"check_circular": False}, {"skipkeys": True, "ensure_ascii": False}],
    ids=str,
)


class Odd:
    pass


def changes_of_a_list():
    return {
        "clear": lambda items: items.clear(),
        "pop": lambda items: items.pop(),
        "pop first": lambda items: items.pop(0),
        "append once": lambda items: items.append(1) if len(items) < 20 else None,
        "replace": lambda items: items.__setitem__(slice(None), [[1], {"a": 2}]),
        "shrink": lambda items: items.__delitem__(slice(2, None)),
        "reverse": lambda items: items.reverse(),
    }


def changes_of_a_dict():
    return {
        "clear": lambda items: items.clear(),
        "pop": lambda items: items.popitem(),
        "replace value": lambda items: items.update(a=1, b=[2], c={}),
        "replace all": lambda items: [items.pop(key) and items.update({key: 1}) for key in list(items)][:0],
        "grow": lambda items: items.update({f"{len(items)}": 1}) if len(items) < 20 else None,
        "grow much": lambda items: items.update((f"n{n}", n) for n in range(1000)),
        "swap": lambda items: items.update({"z": items.pop("a", None)}),
    }


# dict subclasses whose items() is their own


def dicts_with_own_items():
    class Shorter(dict):
        def items(self):
            return list(super().items())[:1]

    class Other(dict):
        def items(self):
            return [("other", 1), (2, [3])]

    class Iterator(dict):
        def items(self):
            return iter([("a", 1), ("b", {})])

    class Generator(dict):
        def items(self):
            yield "a", 1
            self.clear()
            yield "b", Odd

    class Triples(dict):
        def items(self):
            return [("a", 1, 2)]

    class Singles(dict):
        def items(self):
            return ["x"]

    class Lists(dict):
        def items(self):
            return [["a", 1], ["b", 2]]

    class Pairs(dict):
        def items(self):
            return ["ab", "cd"]

    class Nothing(dict):
        def items(self):
            return None

    class Raising(dict):
        def items(self):
            raise LookupError("items")

    class RaisingLater(dict):
        def items(self):
            yield "a", 1
            raise LookupError("later")

    class Emptied(dict):
        def items(self):
            found = list(super().items())
            self.clear()
            return found

    class Keys(dict):
        def keys(self):
            return ["not asked"]

        def __iter__(self):
            return iter(["not asked"])

        def __getitem__(self, key):
            return "not asked"

        def __len__(self):
            return 5

    class Falsy(dict):
        def __bool__(self):
            return False

        def __len__(self):
            return 0

    return [each for each in locals().values() if isinstance(each, type)]


# list subclasses whose iteration is their own


def lists_with_own_iteration():
    class Iter(list):
        def __iter__(self):
            return iter(["own", {}])

    class Empty(list):
        def __len__(self):
            return 0

    class Falsy(list):
        def __bool__(self):
            return False

    class Long(list):
        def __len__(self):
            return 10

    class Items(list):
        def __getitem__(self, index):
            return "own"

    class Raising(list):
        def __iter__(self):
            raise LookupError("iter")

    class TupleIter(tuple):
        def __iter__(self):
            return iter(["own"])

    return [each for each in locals().values() if isinstance(each, type)]


# str, int and float subclasses with methods of their own


def scalars_with_own_methods():
    def fail(self, *arguments):
        raise LookupError("asked")

    names = [
        "__str__",
        "__repr__",
        "__format__",
        "__int__",
        "__float__",
        "__index__",
        "__bool__",
        "__len__",
        "__iter__",
        "encode",
    ]
    return [
        type(base.__name__.title(), (base,), dict.fromkeys(names, fail))(value)
        for base, value in [(str, "é"), (str, ""), (int, 7), (int, 2**70), (float, 1.5), (float, "nan"), (float, "inf")]
    ]
