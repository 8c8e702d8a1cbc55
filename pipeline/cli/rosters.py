"""What `sotarsa forms print --programme` takes from the register: who stands on a list, and what the list is about."""

from typing import TYPE_CHECKING, Final

from pipeline.cli import context
from pipeline.errors import UsageError
from pipeline.forms.catalogue import Form
from pipeline.forms.identity import NO_VILLAGE
from pipeline.language import Text

if TYPE_CHECKING:
    from pipeline.register.roster import RosterRow


_NO_VILLAGE: Final = Text(
    "Sebutkan desa yang daftarnya dicetak, misalnya --village 2005.",
    "Say whose list is printed, for example --village 2005.",
)


def roster_table(form: Form, village: str, programme: str | None) -> str:
    """The preprinted table that a programme's list fills; "" where none is asked for.

    Raises:
        UsageError: the form prints nothing from the register, or no village is named.
    """
    if programme is None:
        return ""
    tables = [table for table in form.definition.tables() if table.preprinted]
    if not tables:
        raise UsageError(
            Text(
                f"Formulir {form.definition.form} tidak memuat daftar penerima: hilangkan --programme.",
                f"Form {form.definition.form} prints no roster: leave out --programme.",
            )
        )
    if village == NO_VILLAGE:
        raise UsageError(_NO_VILLAGE)
    return tables[0].name


def known(form: Form, table: str, village: str, programme: str | None) -> dict[str, str]:
    """What a roster is about, by the fields that the definition maps to it: so that two rosters are told apart.

    Raises:
        UsageError: the form has no box for the programme.
    """
    about = {"programme": programme, "village": village} if programme else {}
    known = {
        entry.map[attribute]: value
        for entry in form.definition.register_
        if entry.table == table
        for attribute, value in about.items()
        if attribute in entry.map and value
    }
    for name, value in known.items():
        choices = [choice.value for choice in form.definition.field(name).choices]
        if choices and value not in choices:
            raise UsageError(
                Text(
                    f"Formulir {form.definition.form} tidak punya kotak {value}. Yang ada: {', '.join(choices)}.",
                    f"Form {form.definition.form} has no box for {value}. It has: {', '.join(choices)}.",
                )
            )
    return known


def pages(form: Form, table: str, village: str, programme: str | None) -> "list[list[RosterRow]]":
    """The register's rows for each sheet of a list; none where no programme is asked for."""
    if programme is None:
        return []
    from pipeline.register.roster import roster_rows

    return roster_rows(context.register_forms(), village, programme, form.definition.table(table).rows)


def people(table: str, rows: "list[RosterRow]") -> dict[str, list[dict[str, object]]]:
    """Whom each row is about, as the store keeps it."""
    return {table: [{"row": number, "person": row["person"]} for number, row in enumerate(rows, start=1)]}


def texts(form: Form, table: str, rows: "list[RosterRow]") -> dict[str, list[dict[str, str]]]:
    """The text of each preprinted column, by the attribute that the definition maps to it."""
    columns = {column.name for column in form.definition.table(table).preprinted}
    mapped = {
        column: attribute
        for entry in form.definition.register_
        if entry.table == table
        for attribute, column in entry.map.items()
        if column in columns
    }
    return {table: [{column: str(row[key]) for column, key in mapped.items()} for row in rows]}
