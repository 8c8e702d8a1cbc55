"""The archive: whole, once, under its hash."""

import hashlib
import os
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import StoreError
from pipeline.store.archive import Archive, sha256_of, suffix_of


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.binary(max_size=3000))
def test_what_is_kept_is_what_was_given(tmp_path, content):
    source = tmp_path / "Scan 1.PDF"
    source.write_bytes(content)
    kept = Archive(tmp_path).keep(source)
    assert kept.path.read_bytes() == content
    assert kept.sha256 == hashlib.sha256(content).hexdigest() == sha256_of(kept.path)
    assert kept.path == tmp_path / "archive" / kept.sha256[:2] / f"{kept.sha256[2:]}.pdf"
    assert kept.size == len(content)


def test_the_same_content_is_kept_once_and_nothing_else_remains(tmp_path):
    archive = Archive(tmp_path)
    for name in ("a.pdf", "b.pdf"):
        (tmp_path / name).write_bytes(b"same")
        archive.keep(tmp_path / name)
    assert len([path for path in archive.folder.rglob("*") if path.is_file()]) == 1


def test_half_a_file_in_the_archive_is_made_whole(tmp_path):
    archive = Archive(tmp_path)
    (tmp_path / "a.pdf").write_bytes(b"whole")
    kept = archive.keep(tmp_path / "a.pdf")
    kept.path.write_bytes(b"ha")
    assert archive.keep(tmp_path / "a.pdf").path.read_bytes() == b"whole"


def test_only_old_leftovers_are_swept(tmp_path):
    archive = Archive(tmp_path)
    archive.folder.mkdir()
    old, new = archive.folder / ".incoming-old", archive.folder / ".incoming-new"
    old.touch()
    new.touch()
    os.utime(old, (time.time() - 90_000,) * 2)
    archive.sweep()
    assert not old.exists()
    assert new.exists()


def test_an_archive_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"x")
    (tmp_path / "archive").touch()
    with pytest.raises(StoreError):
        Archive(tmp_path).keep(tmp_path / "a.pdf")


@pytest.mark.parametrize(("name", "suffix"), [("a.PDF", ".pdf"), ("a", ""), ("a.b c", ""), ("a.jpg/..", "")])
def test_only_plain_suffixes_are_kept(tmp_path, name, suffix):
    assert suffix_of(tmp_path / name) == suffix
