"""Threads may share Codecs, classes and instances, and change them."""

import copyreg
import dataclasses
import datetime as dt
import json
import sys
import threading

import pytest
from support.amount import amount
from support.instances import knows_instances

import cyjson

pytestmark = knows_instances


def together(*functions):
    """Run functions in threads of their own, from the same moment on; raise what one of them raises."""
    failed = []
    gate = threading.Barrier(len(functions))

    def run(function):
        try:
            gate.wait()
            function()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=[each]) for each in functions]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    if failed:
        raise failed[0]


@dataclasses.dataclass
class Point:
    x: object = 1
    when: dt.date = dt.date(2026, 1, 1)


ROUNDS = amount(100, 1000)


def test_one_codec_for_all():
    codec = cyjson.Codec(types={dt.date: "unix"}, rename="upper", omit="none")
    expected = b'[{"X":[1],"WHEN":1767225600}]'

    def encode():
        for _ in range(ROUNDS):
            assert codec.encode([Point([1])]) == expected

    together(*[encode] * 4)


def test_new_classes_in_each_thread():
    def encode():
        for n in range(ROUNDS // 4):
            cls = dataclasses.make_dataclass(f"Made{n}", ["a", "b"], slots=n % 2 == 0)
            assert cyjson.encode([cls(n, {n}), cls(None, "x")]) == b'[{"a":%d,"b":[%d]},{"a":null,"b":"x"}]' % (n, n)

    together(*[encode] * 4)


@pytest.mark.thread_unsafe
def test_registered_meanwhile():
    class Own:
        pass

    done = threading.Event()

    def register():
        try:
            for n in range(ROUNDS):
                cyjson.register(Own, lambda obj, n=n: n)
        finally:
            done.set()

    def encode():
        last = 0
        while not done.is_set():
            (now,) = json.loads(cyjson.encode([Own()], default=lambda obj: 0))
            assert now >= last
            last = now

    together(register, encode, encode)
    assert cyjson.encode(Own()) == b"%d" % (ROUNDS - 1)
    cyjson.register(Own)


def test_a_class_and_its_instances_change_meanwhile():
    class Changing(Point):
        pass

    points = [Changing() for _ in range(5)]
    done = threading.Event()

    def change():
        try:
            for n in range(ROUNDS):
                Changing.__json__ = lambda self: "json"
                for point in points:
                    point.x = [n] * (n % 3)
                    point.when = None
                points.append(Changing())
                del Changing.__json__
                points.pop()
        finally:
            done.set()

    def encode():
        while not done.is_set():
            try:
                text = cyjson.encode(points)
            except TypeError as error:  # between the look at the class and the call
                assert str(error) == "Changing.__json__ was taken away while an instance was being written"
                continue
            for each in json.loads(text):
                assert each == "json" or each.keys() == {"x", "when"}

    together(change, encode, encode)
    assert json.loads(cyjson.encode(points[0]))["when"] is None


def test_one_iterator_for_all():
    """A generator that another thread runs is a ValueError; nothing is written twice."""
    numbers = iter(range(20 * ROUNDS))
    written = []

    def encode():
        written.append(json.loads(cyjson.encode(numbers)))

    together(*[encode] * 3)
    assert sorted(number for part in written for number in part) == list(range(20 * ROUNDS))


def test_a_method_is_there_while_a_plan_is_made(monkeypatch):
    """What is asked about a class may run code: here, in the table that copyreg has for classes."""

    class Changing(Point):
        pass

    class Table:
        asked = 0

        def get(self, cls):
            if cls is Changing:
                self.asked += 1
                if "__json__" in vars(Changing):
                    del Changing.__json__
                elif self.asked == 2:
                    Changing.__json__ = lambda self: "json"

    monkeypatch.setattr(copyreg, "json_dispatch_table", Table(), raising=False)
    try:
        cyjson.encode(Changing())
    except TypeError as error:
        assert str(error) == "Changing.__json__ was taken away while an instance was being written"
    monkeypatch.setattr(Table, "get", lambda self, cls: None)
    if "__json__" in vars(Changing):
        del Changing.__json__
    assert json.loads(cyjson.encode(Changing()))["x"] == 1
