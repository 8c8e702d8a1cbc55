"""What `sotarsa forms print --programme` takes from the register: who stands on a list, and what the list is about."""

from typing import TYPE_CHECKING

from pipeline.cli import context
from pipeline.errors import UsageError
from pipeline.forms.catalogue import Form
from pipeline.language import Text

if TYPE_CHECKING:
    from pipeline.register.roster import RosterRow


def roster(form: Form, village: str, programme: str | None) -> "tuple[str, list[list[RosterRow]]]":
    """The preprinted table and the register's rows for each sheet of it; no rows where none are asked for.

    Raises:
        UsageError: a programme was given for a form that prints nothing from the register.
    """
    tables = [table for table in form.definition.tables() if table.preprinted]
    if programme is None:
        return "", []
    if not tables:
        raise UsageError(
            Text(
                f"Formulir {form.definition.form} tidak memuat daftar penerima: hilangkan --programme.",
                f"Form {form.definition.form} prints no roster: leave out --programme.",
            )
        )
    from pipeline.register.roster import roster_rows

    return tables[0].name, roster_rows(context.catalogue(), village, programme, tables[0].rows)


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
