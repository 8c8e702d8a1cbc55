"""What a user names becomes a list of files, in the order a person would expect."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.scans.files import find_files, natural_key, readable, walk

JPEG = b"\xff\xd8\xff\xe0"


def names(files: list[Path], folder: Path) -> list[str]:
    return [str(file.relative_to(folder)) for file in files]


def test_folders_are_walked_in_natural_order_without_what_is_hidden(tmp_path: Path) -> None:
    for name in (
        "b10.pdf",
        "b2.pdf",
        "a/scan 12.JPG",
        "a/scan 3.tiff",
        ".trash.pdf",
        ".git/x.pdf",
        "a/Thumbs.db",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "scan0007").write_bytes(JPEG)
    (tmp_path / "a/form.docx").write_bytes(b"PK")
    (tmp_path / "b3.pdf.part").write_bytes(JPEG)
    expected = ["a/scan 3.tiff", "a/scan 12.JPG", "b2.pdf", "b10.pdf", "scan0007"]
    passed: list[Path] = []
    assert names(find_files([tmp_path], passed.append), tmp_path) == expected
    assert names(passed, tmp_path) == ["a/form.docx", "b3.pdf.part"]
    passed.clear()
    find_files([tmp_path, tmp_path / "a", tmp_path / "a/form.docx"], passed.append)
    assert names(passed, tmp_path) == ["b3.pdf.part"]


def test_a_named_file_is_always_taken_and_only_once(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "a.pdf").write_bytes(b"")
    files = find_files([tmp_path / "notes.txt", tmp_path, tmp_path / "a.pdf"])
    assert names(files, tmp_path) == ["notes.txt", "a.pdf"]


@pytest.fixture(params=[0o000, 0o111, 0o444])
def locked(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A folder that may not be looked into, or whose files may not."""
    locked = tmp_path / "b"
    for name in ("a/1.pdf", "b/2.pdf", "b/c/3.pdf", "d/4.pdf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "links").mkdir()
    for name in ("5.pdf", "scan0007"):
        (tmp_path / "links" / name).symlink_to(locked / "2.pdf")
    locked.chmod(request.param)
    yield locked
    locked.chmod(0o755)


def test_a_locked_folder_is_among_what_may_hold_sheets_and_hides_no_other(
    locked: Path, plain_account: None
) -> None:
    expected = ["a/1.pdf", "b", "d/4.pdf", "links/5.pdf"]
    assert names(find_files([locked.parent]), locked.parent) == expected
    assert names(list(walk(locked.parent)), locked.parent) == expected
    assert find_files([locked]) == [locked]


def test_a_folder_that_is_not_wholly_copied_is_told(tmp_path: Path) -> None:
    for name in ("a/1.pdf", "b.part/2.pdf", ".c/3.pdf"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"")
    passed: list[Path] = []
    assert names(find_files([tmp_path], passed.append), tmp_path) == ["a/1.pdf"]
    assert names(passed, tmp_path) == ["b.part"]


def test_a_link_into_a_locked_folder_is_a_file_that_will_not_open(locked: Path, plain_account: None) -> None:
    passed: list[Path] = []
    links = locked.parent / "links"
    assert names(list(walk(links, passed.append)), links) == ["5.pdf"]
    assert names(passed, links) == ["scan0007"]


def test_links_to_folders_and_to_nothing_are_told_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"")
    (tmp_path / "gone.pdf").symlink_to("elsewhere.pdf")
    (tmp_path / "loop").symlink_to(tmp_path)
    passed: list[Path] = []
    assert names(find_files([tmp_path], passed.append), tmp_path) == ["a.pdf"]
    assert names(passed, tmp_path) == ["gone.pdf", "loop"]


def test_what_does_not_exist_or_holds_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.pdf does not exist|gone\.pdf tidak ada"):
        find_files([tmp_path / "gone.pdf"])
    with pytest.raises(UsageError, match=r"x{300} tidak dapat dibuka"):
        find_files([tmp_path / ("x" * 300)])
    with pytest.raises(UsageError, match="kosong"):
        find_files([str(tmp_path), ""])
    (tmp_path / "notes.docx").write_text("x")
    with pytest.raises(UsageError, match=r"PDF, TIFF, JPEG.*notes\.docx"):
        find_files([tmp_path])


@given(st.text("aB1209_ ²", max_size=12), st.text("aB1209_ ²", max_size=12))
def test_any_two_names_can_be_ordered(left: str, right: str) -> None:
    one, other = natural_key(Path(left)), natural_key(Path(right))
    assert sorted([one, other]) == sorted([other, one])
    assert natural_key(Path("page2")) < natural_key(Path("page10"))


def test_a_name_cannot_command_the_terminal():
    assert readable("rusak\x1b[31m \u202efdp.dari [desa].pdf") == "rusak?[31m ?fdp.dari [desa].pdf"
