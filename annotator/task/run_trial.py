"""One trial: the loop around the state machine."""

from annotator.task.actor import PERSON, Actor
from annotator.task.pages import Pages
from annotator.task.problems import Code
from annotator.task.stage import Stage
from annotator.task.trial import Command, Slips, Trial, step
from study.errors import StageError
from study.vocabulary import Stimulus, TrialRecord


def run_trial(
    stage: Stage,
    stimulus: Stimulus,
    pages: Pages,
    actor: Actor = PERSON,
    *,
    asked_s: float | None = None,
    slips: Slips = Slips.NOTHING_RATED,
) -> TrialRecord:
    """Present a stimulus until it is rated, cannot be shown, or the participant leaves.

    Returns the response and the evidence of how it came about. Raises StageError if the sound
    device is gone and a simulated person cannot help.

    Parameters
    ----------
    pages : Pages
        What to show in a pause, before leaving, and where the sound device is gone.
    asked_s : float or None
        When the key went down that asked for it; None where no key did.
    slips : Slips
        Whether the rating before may be flagged as a slip.
    """
    trial = Trial(pages.keys, asked_s=asked_s, slips=slips)
    stage.play(stimulus, trial.asked_s)
    while not trial.is_over:
        for event in stage.poll():
            trial, command = step(trial, event)
            match command:
                case Command.PLAY:
                    stage.play(stimulus, trial.asked_s)
                case Command.WARN:
                    stage.warn()
                case Command.PROMPT:
                    stage.prompt(offers_slip=trial.slips is Slips.LEFT)
                case Command.PAUSE:
                    stage.show_page(pages.pause())
                case Command.ASK:
                    stage.show_page(pages.leave())
                case Command.CALL if actor.is_simulated:
                    raise StageError(trial.problem)
                case Command.CALL:
                    stage.show_page(pages.call_experimenter(trial.problem, Code.SOUND))
                case Command.NOTE_DISTURBED | Command.NOTE_SLIP | Command.REFUSE_SLIP:
                    stage.notice(command.value)
    return TrialRecord(
        stimulus=stimulus,
        response=trial.response,
        presentations=stage.take_presentations(),
        key_presses=trial.key_presses,
        failure=trial.failure,
        disturbed=trial.disturbed,
        slip_before=trial.slip_before,
    )
