"""A text in two languages: one of them, and filled in."""

from pipeline.language import Text


def test_a_text_is_filled_in_in_both_languages():
    why = Text("kosong", "empty")
    told = Text("Baris {line}: {why}.", "Line {line}: {why}.").filled(line=3, why=why)
    assert told == Text("Baris 3: kosong.", "Line 3: empty.")
    assert [told.said(language) for language in ("id", "en")] == ["Baris 3: kosong.", "Line 3: empty."]
