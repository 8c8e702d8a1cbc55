"""A blank with the boxes of its fields, to be changed in the browser: the page and its data."""

import json
from collections.abc import Mapping
from typing import Any, Final

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods
from pydantic import ValidationError

from pipeline.errors import DefinitionError, SotarsaError, UsageError
from pipeline.forms.attributes import COUNTED, ENTITIES, Attribute, Entity, Rules
from pipeline.forms.catalogue import default_directories
from pipeline.forms.definition import FormDefinition, check_register
from pipeline.forms.drafts import ChangedMeanwhileError, Draft, FrozenError, open_draft, save, save_as_next
from pipeline.forms.fields import MOST_ROWS, WIDEST
from pipeline.forms.source import Flaw, flaws
from pipeline.forms.types import NAMES, TYPES
from pipeline.forms.writing import as_tree
from pipeline.language import Language, Text
from pipeline.register.models import Programme
from pipeline.register.programmes import OTHER
from pipeline.settings import settings
from pipeline.store.paper import in_use
from pipeline.store.refusals import told_as_refusals
from pipeline.web.pages import notice
from pipeline.web.words import EDITOR, HELP, ONLY_VALUES, PROGRAMME_CODES, WRONG, language_of

_CONFLICT, _UNFIT = 409, 422
_NOT_JSON: Final = Text(
    "Data yang dikirim tidak utuh. Simpan sekali lagi.", "The data came incomplete. Save again."
)


@require_GET
def page(request: HttpRequest, form: str, version: int) -> HttpResponse:
    """The page; its script asks for the draft."""
    language = language_of(request)
    words = {key: text.said(language) for key, text in EDITOR.items()}
    try:
        definition = _draft(form, version).definition
    except DefinitionError as error:
        return notice(request, (WRONG, error.text), _UNFIT)
    told = {
        "definition": definition,
        "title": definition.title.said(language),
        "words": words,
        "help": [(keys.split(), text.said(language)) for keys, text in HELP],
        "most_cells": WIDEST,
        "most_rows": MOST_ROWS,
    }
    return render(request, "web/edit.html", told)


@require_http_methods(["GET", "POST"])
def draft(request: HttpRequest, form: str, version: int) -> HttpResponse:
    """The draft as JSON; or a changed one to be saved.

    GET gives `form, version, next, stamp, frozen, pages, types, register, definition`. POST takes `stamp`, `definition`
    and `as_next`; it answers 200 with `stamp` and `version`, 409 with `conflict` or `frozen`, or 422 with
    `errors`: a sentence each, and the way (`at`) from the root of the definition to its place.
    """
    language = language_of(request)
    try:
        opened = _draft(form, version)
        if request.method == "GET":
            return JsonResponse(_told(opened, language))
        posted = _posted(request)
        changed = FormDefinition.model_validate(posted["definition"])
        check_register(changed)
        return JsonResponse(_saved(opened, posted["stamp"], changed, as_next=posted["as_next"]))
    except ValidationError as error:
        found = [{"at": _way(at), "message": text.said(language)} for at, text in flaws(error)]
        return JsonResponse({"errors": found}, status=_UNFIT)
    except Flaw as flaw:
        found = [{"at": list(flaw.at), "message": flaw.text.said(language)}]
        return JsonResponse({"errors": found}, status=_UNFIT)
    except ChangedMeanwhileError as error:
        return JsonResponse({"conflict": True, "message": error.text.said(language)}, status=_CONFLICT)
    except FrozenError as error:
        told = {"frozen": True, "next": error.next, "message": error.text.said(language)}
        return JsonResponse(told, status=_CONFLICT)
    except SotarsaError as error:
        return JsonResponse({"errors": [{"at": [], "message": error.text.said(language)}]}, status=_UNFIT)


@require_GET
def blank(_request: HttpRequest, form: str, version: int, number: int) -> FileResponse:
    """The picture of one page of the blank."""
    try:
        return FileResponse(_draft(form, version).blank(number).open("rb"), content_type="image/png")
    except (IndexError, OSError) as error:
        raise Http404 from error


def _draft(form: str, version: int) -> Draft:
    try:
        return open_draft(default_directories(settings().home.absolute()), form, version)
    except UsageError as error:
        if isinstance(error, DefinitionError):
            raise
        raise Http404 from error


def _told(draft: Draft, language: Language) -> dict[str, Any]:
    definition = draft.definition
    return {
        "form": definition.form,
        "version": definition.version,
        "next": draft.next,
        "stamp": draft.stamp,
        "frozen": _frozen(draft),
        "most_cells": WIDEST,
        "pages": [
            {"width": page.width, "height": page.height, "image": f"blank/{number}.png"}
            for number, page in enumerate(definition.blank, start=1)
        ],
        "types": [
            {
                "type": kind.value,
                "label": NAMES[kind].said(language),
                "kind": rules.kind.value,
                "cells": rules.cells,
                "fixed": rules.fixed,
            }
            for kind, rules in TYPES.items()
        ],
        "register": [_kept(rules, entity, language) for entity, rules in ENTITIES.items()],
        "definition": as_tree(definition),
    }


def _kept(rules: Rules, entity: Entity, language: Language) -> dict[str, Any]:
    """What the register keeps of an entity, as the page offers it."""
    return {
        "entity": entity,
        "label": rules.label.said(language),
        "needs": rules.needs,
        "rows": rules.rows,
        "facts": rules.facts,
        "counted": _offered(COUNTED, "", language) if rules.counted else None,
        "attributes": [
            {"name": name, **_offered(kept, name, language)} for name, kept in rules.attributes.items()
        ],
    }


def _offered(kept: Attribute, name: str, language: Language) -> dict[str, Any]:
    hint = ""
    if name == "programme":
        with told_as_refusals():
            codes = ", ".join(Programme.objects.exclude(code=OTHER).values_list("code", flat=True))
        hint = PROGRAMME_CODES.said(language).format(values=codes, other=OTHER)
    elif kept.values:
        hint = ONLY_VALUES.said(language).format(values=", ".join(kept.values))
    return {
        "label": kept.label.said(language),
        "hint": hint,
        "types": sorted(kept.types),
        "longest": kept.longest,
    }


def _posted(request: HttpRequest) -> Mapping[str, Any]:
    """The three values of a save.

    Raises:
        UsageError: it is not what the page sends.
    """
    try:
        told = json.loads(request.body)
        values = {
            "definition": told["definition"],
            "stamp": str(told["stamp"]),
            "as_next": told["as_next"] is True,
        }
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(_NOT_JSON) from error
    return values


def _saved(draft: Draft, stamp: str, changed: FormDefinition, *, as_next: bool) -> dict[str, Any]:
    with told_as_refusals():
        if as_next:
            save_as_next(draft, stamp, changed)
        else:
            save(draft, stamp, changed, frozen=_frozen(draft))
    version = draft.next if as_next else changed.version
    return {"version": version, "stamp": _draft(changed.form, version).stamp}


def _frozen(draft: Draft) -> bool:
    directories = default_directories(settings().home.absolute())
    with told_as_refusals():
        return in_use(directories, draft.definition.form, draft.definition.version)


def _way(at: tuple[str | int, ...]) -> list[str | int]:
    """A way without the tags by which the models tell fields from tables and notes."""
    return [part for part in at if not (isinstance(part, str) and part.startswith("<"))]
