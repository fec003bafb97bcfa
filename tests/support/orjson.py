"""What the tests of cyjson.orjson share."""

import pytest

from cyjson import orjson


def refusal(function, *args, **kwargs):
    """The words of the TypeError that a call raises, and its cause."""
    with pytest.raises(TypeError) as caught:
        function(*args, **kwargs)
    assert type(caught.value) is orjson.JSONEncodeError
    return str(caught.value), caught.value.__cause__


class Other:
    """A class that nothing knows."""

    def __init__(self, value=None):
        self.value = value
