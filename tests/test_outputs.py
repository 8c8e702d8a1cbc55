"""Files that a person asked for: whole or not at all, in the right place, and left alone where they are none."""

import errno
import os
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.outputs import whole


def test_two_that_write_one_file_at_once_do_not_mix(tmp_path):
    out = tmp_path / "backup.tar"
    with ExitStack() as first, ExitStack() as second:
        one = first.enter_context(whole(out))
        one.write_text("all of one")
        other = second.enter_context(whole(out))
        other.write_text("half of the other")
        first.close()
        assert out.read_text() == "all of one"
        other.write_text("all of the other")
    assert out.read_text() == "all of the other"
    assert list(tmp_path.iterdir()) == [out]


def test_what_a_block_leaves_half_done_leaves_the_older_file(tmp_path):
    out = tmp_path / "a.csv"
    out.write_text("older")
    with suppress(KeyboardInterrupt), whole(out) as part:
        part.write_text("half")
        raise KeyboardInterrupt
    assert out.read_text() == "older"
    assert list(tmp_path.iterdir()) == [out]


def test_what_killed_runs_left_is_swept_when_nobody_can_be_writing_it(tmp_path):
    out = tmp_path / "a[1].csv"
    for name, age in (
        (".a[1].csv.old.part", 90_000),
        (".a[1].csv.young.part", 0),
        (".b.csv.old.part", 90_000),
    ):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    with whole(out) as part:
        part.write_text("x")
    assert {path.name for path in tmp_path.iterdir()} == {
        "a[1].csv",
        ".a[1].csv.young.part",
        ".b.csv.old.part",
    }


def test_a_link_stays_one_and_its_file_is_written(tmp_path):
    (tmp_path / "shared").mkdir()
    out = tmp_path / "a.csv"
    out.symlink_to(tmp_path / "shared" / "b.csv")
    with whole(out) as part:
        part.write_text("x")
    assert out.is_symlink()
    assert (tmp_path / "shared" / "b.csv").read_text() == "x"


def test_what_is_no_file_is_left_as_it_is(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.iterdir())
    for name in ("pipe", "folder"):
        with pytest.raises(UsageError, match=name), whole(tmp_path / name):
            pass
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "pipe").is_fifo()


def test_a_name_that_cannot_be_is_told(tmp_path):
    with pytest.raises(UsageError, match="too long"), whole(tmp_path / ("x" * 300)):
        pass


def test_a_file_of_somebody_else_is_named_as_what_cannot_be_written(tmp_path, monkeypatch):
    def replace(self, target):
        raise PermissionError(errno.EPERM, "Operation not permitted", str(self))

    # As in a folder that is everybody's, like /tmp: anyone may make files there, but not take the place of another's.
    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(UsageError, match=r"a\.csv"), whole(tmp_path / "a.csv") as part:
        part.write_text("x")
    assert list(tmp_path.iterdir()) == []
