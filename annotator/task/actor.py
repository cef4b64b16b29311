"""Who sits in front of the stage."""

from dataclasses import dataclass

from study.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, or a simulated one.

    Parameters
    ----------
    profile : str or None
        How a simulated person rates; None for a person at the keyboard.
    hurry : bool
        Whether clips, sounds and breaks are not waited for; simulated people only.
    """

    profile: str | None = None
    hurry: bool = False

    def __post_init__(self) -> None:
        """Refuse a person who does not wait for clips to end."""
        if self.profile is None and self.hurry:
            raise ConfigError("--speed max needs a simulated person. Add --simulate good")

    @property
    def is_simulated(self) -> bool:
        """Whether it is a simulated person, who cannot solve a problem of the machine."""
        return self.profile is not None


PERSON = Actor()
