"""cyjson.engines.ray on two workers: every document once, errors with their place."""

import json
import os
import signal

import pytest
from support.engines import checksum, environment, event, spoil, written

from cyjson import lines

ray = pytest.importorskip("ray")
pa = pytest.importorskip("pyarrow")
pytest.importorskip("ray.data")

from cyjson.engines.ray import LinesDatasource, read_lines, write_lines  # noqa: E402

pytestmark = pytest.mark.thread_unsafe


@pytest.fixture(scope="module")
def cluster():
    environment()
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        object_store_memory=200 * 2**20,
        configure_logging=False,
    )
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield ray
    ray.shutdown()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ray") / "lines"
    return folder, written(folder)


def with_sums(batch):
    return pa.table(
        {"id": batch["id"], "sum": [checksum(each) for each in batch.to_pylist()]},
        schema=pa.schema({"id": pa.int64(), "sum": pa.int64()}),
    )


def totals(dataset):
    rows = dataset.map_batches(with_sums, batch_format="pyarrow").take_all()
    return len(rows), sum(each["id"] for each in rows), sum(each["sum"] for each in rows)


def test_every_document_once(cluster, data):
    folder, events = data
    dataset = read_lines(folder, blocksize="40kB")
    assert totals(dataset) == (len(events), sum(each["id"] for each in events), sum(map(checksum, events)))
    assert sorted(dataset.take_all(), key=lambda each: each["id"]) == events


def test_large_files_are_split(cluster, data):
    folder, events = data
    dataset = read_lines(f"{folder}/1-*", blocksize="100kB").materialize()
    assert dataset.num_blocks() > 3
    assert dataset.count() == 2600
    assert [os.path.basename(each) for each in read_lines(f"{folder}/1-*").input_files()] == ["1-large.ndjson"]


def test_select_columns_reaches_the_reader(cluster, data, monkeypatch):
    folder, events = data
    dataset = read_lines(folder).select_columns(["status", "ms"])
    assert dataset.take(1)[0].keys() == {"status", "ms"}
    assert dataset.sum("ms") == sum(each["ms"] for each in events)
    source = read_source(folder)
    narrow = source.apply_projection({"ms": "ms"})
    assert narrow.get_read_tasks(2)[0].schema.names == ["ms"]
    assert narrow.estimate_inmemory_data_size() < source.estimate_inmemory_data_size() / 4


def read_source(folder):
    from cyjson import _columns

    files, columns = _columns.columns_of(
        folder,
        schema=None,
        pick=None,
        errors="raise",
        include_path=False,
        storage_options=None,
        compression="infer",
        sample="1MiB",
        max_line=None,
        options={},
    )
    return LinesDatasource(files, columns, 50_000)


def test_schema_pick_and_path(cluster, data):
    folder, events = data
    dataset = read_lines(folder, schema={"ms": pa.float32(), "id": pa.int32()}, include_path="file")
    rows = dataset.take_all()
    assert {os.path.basename(each["file"]) for each in rows} >= {"1-large.ndjson", "5-packed.ndjson.gz"}
    assert dataset.schema().base_schema.field("ms").type == pa.float32()
    picked = read_lines(folder, pick=["/user/id", "/tags/0"]).take_all()
    assert sorted(map(str, picked)) == sorted(
        str({"id": each["user"]["id"], "0": each["tags"][0] if each["tags"] else None}) for each in events
    )
    assert read_lines(folder / "0-empty.ndjson", schema={"id": pa.int64()}).count() == 0


def test_a_bad_line_is_reported_with_its_place(cluster, tmp_path):
    events = written(tmp_path / "lines")
    offset = spoil(tmp_path / "lines", "1-large.ndjson", 1234, b'{"id": 1,}')
    with pytest.raises(Exception, match=rf"line 1234 column \d+ .*at byte {offset}\) of .*1-large.ndjson"):
        read_lines(tmp_path / "lines", blocksize="50kB").materialize()
    assert read_lines(tmp_path / "lines", blocksize="50kB", errors="skip").count() == len(events) - 1


def test_write(cluster, data, tmp_path):
    folder, events = data
    dataset = read_lines(folder, blocksize="200kB")
    paths = write_lines(dataset, tmp_path / "out", compression="gzip")
    assert sorted(os.listdir(tmp_path / "out")) == [os.path.basename(path) for path in paths]
    found = [each for path in paths for each in lines.load(path)]
    assert sorted(found, key=lambda each: each["id"]) == events

    def fails(batch):
        raise ValueError("no")

    with pytest.raises(Exception, match="no"):
        write_lines(dataset.map_batches(fails), tmp_path / "failed")
    assert os.listdir(tmp_path / "failed") == []


class Killing:
    """Kills its worker once."""

    def __init__(self, mark):
        self.mark = str(mark)

    def __call__(self, batch):
        if 2000 in batch["id"].to_pylist() and not os.path.exists(self.mark):
            open(self.mark, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return with_sums(batch)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")
def test_a_killed_worker_changes_nothing(cluster, data, tmp_path):
    folder, events = data
    killing = Killing(tmp_path / "killed")

    def task(batch):
        return killing(batch)

    rows = read_lines(folder, blocksize="50kB").map_batches(task, batch_format="pyarrow").take_all()
    assert (tmp_path / "killed").exists()
    assert (len(rows), sum(each["sum"] for each in rows)) == (len(events), sum(map(checksum, events)))


def test_nested_values_come_back_as_they_were(cluster, tmp_path):
    events = [event(number) for number in range(50)]
    (tmp_path / "a.ndjson").write_text("".join(json.dumps(each) + "\n" for each in events), encoding="utf-8")
    assert read_lines(tmp_path / "a.ndjson").take_all() == events
