"""What the tests of class instances share."""

import io
import json

import pytest

import cyjson

# Codec.encode uses the fallback's writer where the extension has none.
knows_instances = pytest.mark.skipif(
    cyjson.backend == "c" and not hasattr(cyjson._impl, "Plans"),
    reason="this extension was built before it could write instances",
)

has_notes = hasattr(BaseException, "add_note")


def written(value, *, verbatim=False, **options):
    """What ``encode`` gives of a value, once all ways to write it were seen to agree: alone, within others, to files,
    by a Codec, with and without other options; ``verbatim``: where it has a Raw in it, whose text stays as it is."""
    data = cyjson.encode(value, **options)
    assert type(data) is bytes
    file = io.BytesIO()
    cyjson.dump_bytes(value, file, **options)
    assert file.getvalue() == data
    assert cyjson.Codec().encode(value, **options) == data
    if verbatim or not options:
        assert cyjson.encode([value, (value,), {"k": value}]) == b'[%b,[%b],{"k":%b}]' % (data, data, data)
    if not verbatim and not options:
        plain = json.loads(data)
        for more in {"indent": 2}, {"indent": "\t", "sort_keys": True}, {"separators": (" , ", " : ")}:
            assert json.loads(cyjson.encode(value, **more)) == plain
        assert cyjson.encode(value, indent=2) == json.dumps(plain, indent=2, ensure_ascii=False).encode()
    return data


def notes_of(write, error, match=None):
    """The notes of the error that ``write()`` raises; of versions without notes None."""
    with pytest.raises(error, match=match) as caught:
        write()
    return getattr(caught.value, "__notes__", []) if has_notes else None


def told_at(path, write, error, match=None):
    """Assert that ``write()`` raises the error, with a note that names the path."""
    notes = notes_of(write, error, match)
    if notes is not None:
        assert f"while encoding {path}" in notes
        assert sum(note.startswith("while encoding") for note in notes) == 1
