"""Every cause that the office may meet: its stable code, exit status, and the sentence that says the cure.

Errors are raised deep and told once, at the edge (`pipeline.cli.main`). Nothing else prints one.
"""

from enum import IntEnum

from pipeline.language import Text


class Exit(IntEnum):
    """Exit statuses of every command."""

    DONE = 0
    NEEDS_EYE = 1
    USAGE = 2
    MISSING_PART = 3
    STORE = 4


class SotarsaError(Exception):
    """An expected failure, told to the user in one sentence; a traceback is for bugs only.

    Attributes:
        text: what is wrong and what to do, in both languages, already filled in.
    """

    exit: Exit = Exit.USAGE

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text

    def __reduce__(self) -> tuple[type["SotarsaError"], tuple[object, ...]]:
        return type(self), (self.text,)

    def __str__(self) -> str:
        return str(self.text)


class UsageError(SotarsaError):
    """Wrong usage, or input that cannot be used at all."""

    exit = Exit.USAGE


class DefinitionError(UsageError):
    """A form definition is wrong; the sentence names file and line."""


class MissingPartError(SotarsaError):
    """A system part is missing; the sentence gives the command that installs it."""

    exit = Exit.MISSING_PART


class StoreError(SotarsaError):
    """The store refused: locked, corrupt or full."""

    exit = Exit.STORE
