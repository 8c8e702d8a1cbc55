"""What the environment decides: home, database, language, workers. Read anew where it is needed."""

from pathlib import Path

from pydantic import Field, PositiveInt, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipeline.errors import UsageError
from pipeline.language import Text


class Settings(BaseSettings):
    """The `SOTARSA_…` variables.

    Attributes:
        home: the folder that holds everything of this office.
        database_url: `sqlite:///FILE` or `postgresql://…`; empty for SQLite in the home.
        jobs: worker processes; None for one a core.
        audit_share: share of the accepted values that is audited blindly; None for the house's own.
        learn: whether confirmed cells may be learnt from, on this computer alone.
        debug: show tracebacks of expected failures too.
    """

    model_config = SettingsConfigDict(
        env_prefix="SOTARSA_", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    home: Path = Field(default=Path("output"))
    database_url: str = ""
    jobs: PositiveInt | None = None
    audit_share: float | None = Field(default=None, ge=0, le=1)
    learn: bool = False
    debug: bool = False


def settings() -> Settings:
    """The settings as the environment has them now.

    Raises:
        UsageError: a variable holds what it cannot mean.
    """
    try:
        return Settings()
    except ValidationError as error:
        names = ", ".join(f"SOTARSA_{str(fault['loc'][0]).upper()}" for fault in error.errors())
        raise UsageError(
            Text(
                f"Nilai {names} tidak dapat dipakai. Perbaiki.",
                f"The value of {names} cannot be used. Correct it.",
            )
        ) from error
