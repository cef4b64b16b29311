"""One recognition trial: the loop around the state machine."""

from annotator.recognition.choice import ChoiceCommand, ChoiceState, ChoiceTrial, step
from annotator.recognition.question import Entry, Question
from annotator.task.actor import PERSON, Actor
from annotator.task.pages import Pages
from annotator.task.problems import Code
from annotator.task.stage import Stage
from annotator.triggers import Send, marker_of, no_markers
from sessions.running.session_plan import PlannedTrial
from study.config.recognition import Recognition
from study.errors import StageError
from study.vocabulary import TrialRecord


def entry_of(recognition: Recognition, classes: tuple[str, ...]) -> Entry:
    """Return how the classes of a study are answered."""
    return Entry(classes, recognition.keys if recognition.answer == "keys" else ())


def run_choice(
    stage: Stage,
    planned: PlannedTrial,
    pages: Pages,
    actor: Actor = PERSON,
    send: Send = no_markers,
) -> TrialRecord:
    """Present a stimulus until it is answered, cannot be shown, or the participant leaves.

    Returns the answer and the evidence of how it came about. Raises StageError if the sound device
    is gone and a simulated person cannot help.

    Parameters
    ----------
    pages : Pages
        The questions, and what to show in a pause, before leaving, and where the sound is gone.
    send : callable
        Sends a marker of what happened so many seconds ago.
    """
    stimulus, recognition = planned.stimulus, pages.study.config.recognition
    entry = entry_of(recognition, pages.plan.classes)
    trial = ChoiceTrial(entry, n_levels=recognition.confidence, keys=pages.keys)
    attend = planned.recognise.attend if planned.recognise is not None else "both"
    which = Question(f"question_{attend}", pages.question(attend), entry)
    stage.fixate(stimulus, recognition.fixation_s)
    while not trial.is_over:
        for event in stage.poll():
            typed, chosen = trial.typed, trial.choice
            marker = marker_of(event, stimulus.stimulus_id)
            if marker is not None:  # first of all: the flip has just been
                send(marker, stage.now_s - event.t_s)
            trial, command = step(trial, event)
            if chosen is None and trial.choice is not None:
                said = f"answer {stimulus.stimulus_id} {trial.choice.answer}"
                send(said, stage.now_s - event.t_s)
            match command:
                case ChoiceCommand.FIXATE:
                    stage.fixate(stimulus, recognition.fixation_s)
                case ChoiceCommand.PLAY:
                    stage.play(stimulus)
                case ChoiceCommand.CHOOSE:
                    stage.ask(which)
                case ChoiceCommand.JUDGE:
                    stage.ask(Question("question_confidence", pages.how_sure(), trial.levels))
                case ChoiceCommand.PAUSE:
                    stage.show_page(pages.pause())
                case ChoiceCommand.ASK:
                    stage.show_page(pages.leave())
                case ChoiceCommand.CALL if actor.is_simulated:
                    raise StageError(trial.problem)
                case ChoiceCommand.CALL:
                    stage.show_page(pages.call_experimenter(trial.problem, Code.SOUND))
                case None if trial.typed != typed:
                    stage.show_typed(trial.typed)
    return TrialRecord(
        stimulus=stimulus,
        response=None,
        presentations=stage.take_presentations(),
        key_presses=trial.key_presses,
        failure=trial.failure,
        choice=trial.choice if trial.state is ChoiceState.ANSWERED else None,
    )
