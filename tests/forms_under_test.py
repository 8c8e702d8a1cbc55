"""The project's forms, and random definitions, for tests."""

from functools import cache
from pathlib import Path

from hypothesis import strategies as st

from pipeline.forms.catalogue import Catalogue, Form, default_directories
from pipeline.forms.definition import FormDefinition
from pipeline.forms.layout import FieldType
from pipeline.forms.types import TYPES

FORMS = ("pendataan", "penyaluran", "sosialisasi")


@cache
def catalogue() -> Catalogue:
    """The project's own forms."""
    return Catalogue.load(default_directories(Path("/nonexistent")))


def form(name: str) -> Form:
    """One of the project's forms."""
    return catalogue().get(name)


_LABEL = st.text("abcdefgh IJ", min_size=3, max_size=18).filter(str.strip)


@st.composite
def _field(draw, name: str, *, in_table: bool) -> dict[str, object]:
    kind = draw(st.sampled_from(list(FieldType)))
    spec: dict[str, object] = {"name": name, "type": kind.value, "label": draw(_LABEL)}
    if kind is FieldType.CHOICE:
        labels = draw(st.lists(_LABEL, min_size=1, max_size=3 if in_table else 9))
        spec["choices"] = [{"value": f"v{i}", "label": label} for i, label in enumerate(labels)]
        spec["multiple"] = draw(st.booleans())
        if not in_table:
            spec["columns"] = draw(st.sampled_from([None, 2, 4]))
    elif TYPES[kind].cells and not TYPES[kind].fixed:
        spec["cells"] = draw(st.integers(1, 8 if in_table else 33))
    return spec


@st.composite
def definitions(draw) -> FormDefinition:
    """A sound definition of one or two pages with fields of every type and perhaps a table."""
    pages = []
    for page in range(draw(st.integers(1, 2))):
        sections = []
        for section in range(draw(st.integers(1, 2))):
            head = f"p{page}s{section}"
            items = [draw(_field(f"{head}f{i}", in_table=False)) for i in range(draw(st.integers(1, 5)))]
            if draw(st.booleans()):
                columns = [draw(_field(f"c{i}", in_table=True)) for i in range(draw(st.integers(1, 2)))]
                items.append({"table": f"{head}t", "rows": draw(st.integers(1, 3)), "columns": columns})
            labels = draw(st.sampled_from(["above", "left"]))
            sections.append({"title": f"{section}. Bagian", "labels": labels, "items": items})
        pages.append({"sections": sections})
    return FormDefinition.model_validate(
        {
            "form": "acak",
            "code": "ACK-01",
            "version": 1,
            "title": "Acak",
            "letterhead": ["KANTOR"],
            "pages": pages,
        }
    )
