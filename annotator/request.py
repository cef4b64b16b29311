"""What was asked for on the command line: who rates what, where, and until when."""

from dataclasses import dataclass, field
from pathlib import Path

from annotator.task.actor import PERSON, Actor
from annotator.task.session_progress import Limits
from annotator.window.moment import Moment
from study.config.study import Study
from study.errors import ConfigError
from study.vocabulary import Phase


@dataclass(frozen=True, slots=True)
class StageOptions:
    """Where clips are shown, and whether screenshots are taken.

    Parameters
    ----------
    in_window : bool
        False for the stage that costs no time, which only simulated people use.
    screenshots : Path or None
        Folder for a picture of every screen.
    moment : Moment or None
        The words that stand on the screen until the window is there.
    """

    in_window: bool = True
    screenshots: Path | None = None
    moment: Moment | None = None

    def require_for(self, actor: Actor) -> None:
        """Raise ConfigError where a person would see nothing."""
        if not (actor.is_simulated or self.in_window):
            raise ConfigError("--stage simulated needs a simulated person. Add --simulate good")


@dataclass(frozen=True, slots=True)
class Request:
    """A session that was asked for.

    Parameters
    ----------
    n_blocks, n_trials : int or None
        Where the session ends if anything is left; None for no limit.
    minutes : float or None
        After how long it ends if anything is left; None for no limit but the study's.
    says_what_is_next : bool
        Whether its first page says what comes next, and waits for whoever begins.
    ungraded : bool
        Whether an unchecked rig is accepted, its data being flagged.
    """

    participant_id: str
    phase: Phase = Phase.ANNOTATION
    actor: Actor = PERSON
    options: StageOptions = field(default_factory=StageOptions)
    n_blocks: int | None = None
    n_trials: int | None = None
    minutes: float | None = None
    says_what_is_next: bool = False
    ungraded: bool = False

    def __post_init__(self) -> None:
        """Refuse what only simulated people may do."""
        self.options.require_for(self.actor)

    def limits(self, study: Study) -> Limits:
        """Return where the session ends if anything is left, the nearest limit counting."""
        trials = [self.n_trials] if self.n_trials is not None else []
        if self.n_blocks is not None:
            trials.append(self.n_blocks * trials_per_block(study, self.phase))
        asked = (self.minutes, study.config.desk.session_minutes)
        minutes = min((each for each in asked if each is not None), default=None)
        return Limits(min(trials, default=None), None if minutes is None else 60 * minutes)


def trials_per_block(study: Study, phase: Phase) -> int:
    """Return how many trials a block of a phase has."""
    if phase is Phase.RECOGNITION:
        return study.config.recognition.trials_per_block
    return study.config.protocol.trials_per_block
