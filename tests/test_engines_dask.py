"""cyjson.engines.dask on a LocalCluster of two worker processes: every document once, errors with their place."""

import os
import signal
import time

import pytest
from support.engines import checksum, environment, event, spoil, written

from cyjson import _columns, lines

pytest.importorskip("distributed")
frames = pytest.importorskip("dask.dataframe")
pa = pytest.importorskip("pyarrow")

import dask  # noqa: E402
import dask.bag  # noqa: E402

from cyjson.engines.dask import read_frame, read_lines, write_lines  # noqa: E402

pytestmark = pytest.mark.thread_unsafe


@pytest.fixture(scope="module")
def cluster():
    from distributed import Client, LocalCluster

    environment()
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dask") / "lines"
    return folder, written(folder)


@pytest.mark.parametrize(("blocksize", "size"), [(7777, 7777), ("64MiB", 2**26)])
def test_every_document_once(cluster, data, blocksize, size):
    folder, events = data
    bag = read_lines(folder, blocksize=blocksize)
    plain = [path.stat().st_size for path in folder.iterdir() if path.suffix != ".gz"]
    assert bag.npartitions == sum(-(-each // size) for each in plain) + 1
    totals = bag.map(lambda each: (1, each["id"], checksum(each))).fold(add, initial=(0, 0, 0)).compute()
    assert totals == (len(events), sum(each["id"] for each in events), sum(map(checksum, events)))


def add(one, other):
    return tuple(x + y for x, y in zip(one, other, strict=True))


def test_the_order_is_that_of_the_files(cluster, data):
    folder, events = data
    assert read_lines(f"{folder}/*.ndjson*", blocksize="10kB").compute() == events


def test_pick_type_path_and_options(cluster, data, tmp_path):
    folder, events = data
    picked = read_lines([folder / "1-large.ndjson"], pick=["/id", "/user/id"], blocksize="50kB").compute()
    assert picked == [(each["id"], each["user"]["id"]) for each in events[:2600]]
    paths = read_lines(folder, include_path=True, blocksize="30kB").map(lambda pair: os.path.basename(pair[1]))
    assert dict(paths.frequencies().compute())["5-packed.ndjson.gz"] == 307
    assert read_lines(folder / "4-one.ndjson", parse_float=str).compute()[0]["ms"] == str(events[3614]["ms"])
    assert read_lines(folder / "0-empty.ndjson").compute() == []
    with pytest.raises(FileNotFoundError, match="none"):
        read_lines(tmp_path / "none*")
    with pytest.raises(TypeError, match="strange"):
        read_lines(folder, strange=1)


def test_a_bad_line_is_reported_with_its_place(cluster, tmp_path):
    written(tmp_path / "lines")
    offset = spoil(tmp_path / "lines", "1-large.ndjson", 1234, b'{"id": 1,}')
    with pytest.raises(lines.LineError, match=r"line 1234 column \d+ .*at byte \d+\) of .*1-large.ndjson") as caught:
        read_lines(tmp_path / "lines", blocksize="5kB").count().compute()
    error = caught.value
    assert (error.lineno, error.offset, error.doc) == (1234, offset, '{"id": 1,}')
    assert error.path == str(tmp_path / "lines" / "1-large.ndjson")
    assert read_lines(tmp_path / "lines", blocksize="5kB", errors="skip").count().compute() == 3921
    place = tmp_path / "report"
    read_lines(tmp_path / "lines", errors=lambda error: place.write_text(f"{error.lineno} {error.offset}")).compute()
    assert place.read_text() == f"1234 {offset}"


def test_frame(cluster, data):
    folder, events = data
    frame = read_frame(folder, blocksize="20kB")
    assert frame.npartitions > 20
    assert [*frame.columns] == [*events[0]]
    assert (len(frame), int(frame.id.sum().compute())) == (len(events), sum(each["id"] for each in events))
    assert frame.big.max().compute() == 2**53 + len(events) - 1
    by_status = frame.groupby("status").ms.sum().compute().to_dict()
    assert by_status == {
        status: sum(each["ms"] for each in events if each["status"] == status) for status in (200, 500)
    }
    assert pa.Table.from_pandas(frame.compute(), preserve_index=False).to_pylist() == events


def test_frame_decodes_the_columns_that_are_used(data, monkeypatch):
    folder, events = data
    frame = read_frame(folder, blocksize="100kB")
    decoded = []
    batches = _columns.Columns.batches
    monkeypatch.setattr(
        _columns.Columns, "batches", lambda self, part: decoded.append(self.names) or batches(self, part)
    )
    total = frame[frame.status == 500].ms.sum().compute(scheduler="sync")
    assert total == sum(each["ms"] for each in events if each["status"] == 500)
    assert {tuple(sorted(names)) for names in decoded} == {("ms", "status")}


def test_frame_of_schema_pick_and_path(cluster, data):
    folder, events = data
    frame = read_frame(folder, schema={"ms": pa.float32(), "status": pa.int16()}, include_path=True)
    assert [*frame.columns] == ["ms", "status", "path"]
    assert frame.status.sum().compute() == sum(each["status"] for each in events)
    frame = read_frame(folder, pick={"user": "/user/id", "first": "/tags/0"}, dtype_backend="numpy_nullable")
    assert str(frame.dtypes["user"]) == "Int64"
    assert frame.user.sum().compute() == sum(each["user"]["id"] for each in events)
    assert frame["first"].count().compute() == sum(bool(each["tags"]) for each in events)


def test_frame_refuses_what_does_not_fit(cluster, tmp_path):
    events = written(tmp_path / "lines")
    spoil(tmp_path / "lines", "1-large.ndjson", 2000, b'{"id": "2000", "ms": 1}')
    with pytest.raises(lines.LineError, match="id must be int64, not str: line 2000 "):
        read_frame(tmp_path / "lines", blocksize="20kB", sample="10kB").id.sum().compute()
    frame = read_frame(tmp_path / "lines", blocksize="20kB", sample="10kB", errors="skip")
    assert len(frame) == len(events) - 1
    with pytest.raises(TypeError, match="several types"):
        read_frame(tmp_path / "lines", sample="10MB")


def test_write(cluster, data, tmp_path):
    folder, events = data
    paths = write_lines(read_lines(folder, blocksize="50kB"), tmp_path / "bag")
    assert sorted(os.listdir(tmp_path / "bag")) == [os.path.basename(path) for path in paths]
    assert read_lines(tmp_path / "bag").compute() == events
    write_lines(read_frame(folder, blocksize="50kB"), tmp_path / "frame", compression="gzip")
    assert read_lines(tmp_path / "frame").compute() == events
    with pytest.raises(ValueError, match="compression"):
        write_lines(read_lines(folder), tmp_path / "bag", compression="rar")


class Slow:
    """Kills its worker once, while others are at work."""

    def __init__(self, mark):
        self.mark = str(mark)

    def __call__(self, each):
        if each["id"] == 2000 and not os.path.exists(self.mark):
            open(self.mark, "w").close()
            time.sleep(0.1)
            os.kill(os.getpid(), signal.SIGKILL)
        return each["id"], checksum(each)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")
def test_a_killed_worker_changes_nothing(cluster, data, tmp_path):
    folder, events = data
    mark = tmp_path / "killed"
    found = read_lines(folder, blocksize="20kB").map(Slow(mark)).fold(add, initial=(0, 0)).compute()
    assert mark.exists()
    assert found == (sum(each["id"] for each in events), sum(map(checksum, events)))


def test_addresses(cluster, tmp_path):
    events = [event(number) for number in range(500)]
    address = f"file://{tmp_path}/out"
    bag = dask.bag.from_sequence(events, npartitions=3)
    write_lines(bag, address, storage_options={"auto_mkdir": True})
    assert len(os.listdir(tmp_path / "out")) == bag.npartitions
    bag = read_lines(f"{address}/*.ndjson", blocksize="10kB", storage_options={"auto_mkdir": False})
    assert bag.compute() == events
