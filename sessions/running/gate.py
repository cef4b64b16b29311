"""Who may start which phase. A message says what is there, what is needed and what to do."""

from sessions.exercises import headphones, verdicts
from sessions.laptops.away import require_here
from study.config.protocol import Protocol
from study.config.study import Study
from study.errors import NotClearedError
from study.store import Db
from study.store.people import headphone_checks, participants
from study.store.people.participants import Participant
from study.store.plan import exercises
from study.tools.local_time import local_day
from study.tools.wording import counted
from study.vocabulary import ParticipantKind, Phase


def require_cleared(db: Db, study: Study, participant_id: str, phase: Phase) -> None:
    """Raise unless a participant may start a phase now.

    A person needs a consent for every phase, a finished training for the screening, and a passed
    screening for the annotation; for the recognition a consent is enough. Simulated people need
    neither, and may rate in rehearsals only.

    Raises NotClearedError if something is missing.

    Paper: Quality Control.
    """
    participant = participants.get(db, participant_id)
    _require_open(participant)
    require_here(db, participant_id)
    _require_kind(participant, phase)
    _require_phase(study, phase)
    if participant.kind is ParticipantKind.SIMULATED:
        _require_rehearsal(participant, study)
        return
    if participant.kind is ParticipantKind.EXPERT:
        return
    _require_consent(db, participant_id)
    if study.config.rehearsal and participants.is_cleared(db, participant_id, phase):
        return
    _require_headphones(db, study, participant_id)
    if phase is Phase.SCREENING:
        _require_trained(db, participant_id)
        _require_fresh_screening(db, study.config.protocol, participant_id)
    if phase is Phase.ANNOTATION:
        _require_trained(db, participant_id)
        require_screening_passed(
            participant_id,
            verdicts.attempts(db, participant_id, Phase.SCREENING),
            study.config.protocol,
        )


def require_may_check_headphones(db: Db, study: Study, participant_id: str) -> None:
    """Raise unless a participant may do the headphone check now.

    Raises NotClearedError if the person's record is closed, is somewhere else, or holds no consent.
    """
    participant = participants.get(db, participant_id)
    _require_open(participant)
    require_here(db, participant_id)
    if participant.kind is ParticipantKind.SIMULATED:
        _require_rehearsal(participant, study)
    if participant.kind is ParticipantKind.HUMAN:
        _require_consent(db, participant_id)


def require_screening_passed(
    participant_id: str, screenings: list[verdicts.Attempt], protocol: Protocol
) -> None:
    """Raise unless the last finished screening was passed.

    Raises NotClearedError if there is no finished screening, or the last one was failed.
    """
    run = f"python -m annotator --participant {participant_id} --phase"
    finished = [attempt for attempt in screenings if attempt.finished]
    if not finished:
        started = f" ({counted(screenings[-1].n_rated, 'clip')} rated so far)" if screenings else ""
        raise NotClearedError(
            f"participant {participant_id} has not been screened{started}, and nobody annotates "
            f"without a passed screening. Run: {run} screening"
        )
    last = finished[-1]
    needed = protocol.pass_mark(last.n_clips)
    if last.n_right < needed:
        raise NotClearedError(
            f"participant {participant_id} got {last.n_right} of "
            f"{counted(last.n_clips, 'screening clip')} "
            f"right and {needed} are needed. Repeat the training exercise ({run} training) and "
            f"the screening, or close the participant's record"
        )


def require_fresh_clips(db: Db, participant_id: str, last: verdicts.Attempt) -> None:
    """Raise unless there are clips for another screening than the `last` one.

    Raises NotClearedError if every set of them was seen.
    """
    if last.number + 1 not in exercises.set_sizes(db, Phase.SCREENING):
        raise NotClearedError(
            f"no fresh clips are left to screen participant {participant_id} a "
            f"{_ordinal(last.number + 1)} time. Close the participant's record, or choose clips "
            "that are in no plan: python -m sessions set-exercise FILE"
        )


def _require_open(participant: Participant) -> None:
    if participant.closed_at is not None:
        raise NotClearedError(
            f"participant {participant.id} was closed on {local_day(participant.closed_at)} "
            f"({participant.close_reason}). Enrol somebody else"
        )


def _require_kind(participant: Participant, phase: Phase) -> None:
    is_expert = participant.kind is ParticipantKind.EXPERT
    if phase is Phase.GROUND_TRUTH and not is_expert:
        raise NotClearedError(
            f"participant {participant.id} is {participant.kind.value}, and ground truths are the "
            "expert's. Run: python -m sessions enrol EXPERT --kind expert"
        )
    if phase is Phase.RECOGNITION and is_expert:
        raise NotClearedError(
            f"participant {participant.id} is the expert, who knows the clips. Enrol somebody else"
        )
    if phase is Phase.ANNOTATION and is_expert:
        raise NotClearedError(
            f"participant {participant.id} is the expert, whose ratings are ground truths and not "
            f"annotations. Run: python -m annotator --participant {participant.id} "
            "--phase ground_truth"
        )


def _require_phase(study: Study, phase: Phase) -> None:
    recognition = study.config.recognition
    if phase is Phase.RECOGNITION and recognition.stimuli is None:
        raise NotClearedError(
            "this study has no recognition experiment. Name its folder of clips in study.toml: "
            '[recognition] stimuli = "DIR"'
        )
    if phase is not Phase.RECOGNITION and recognition.alone:
        raise NotClearedError(
            f"this study is a recognition experiment alone, and has no {phase.value}. Run the "
            "task with --phase recognition, or without --phase"
        )


def _require_consent(db: Db, participant_id: str) -> None:
    if participants.consent_of(db, participant_id) is None:
        raise NotClearedError(
            f"participant {participant_id} has not given consent, and rating needs one. "
            f"Run: python -m sessions consent {participant_id} --form-version V "
            "--ethics-approval N --experimenter INITIALS"
        )


def _require_headphones(db: Db, study: Study, participant_id: str) -> None:
    stimulus = study.config.headphones.check
    if stimulus == "off":
        return
    done = [c for c in headphone_checks.listed(db, participant_id) if c.stimulus == stimulus]
    run = f"python -m annotator check-headphones --participant {participant_id}"
    if not done:
        raise NotClearedError(
            f"participant {participant_id} has not done the headphone check, which this study asks "
            f"for. Run: {run}"
        )
    last = done[-1]
    if not headphones.passed(last.n_right):
        raise NotClearedError(
            f"participant {participant_id} found {last.n_right} of {len(last.targets)} sounds in "
            f"the headphone check and {headphones.PASS_MARK} are needed. See that headphones are "
            f"plugged in and worn, left on the left ear; then run: {run}"
        )


def _require_rehearsal(participant: Participant, study: Study) -> None:
    if not study.config.rehearsal:
        raise NotClearedError(
            f"participant {participant.id} is simulated and this is a real study. Simulated people "
            "rate in rehearsals: python -m study init DIR --rehearsal"
        )


def _require_trained(db: Db, participant_id: str) -> None:
    found = verdicts.attempts(db, participant_id, Phase.TRAINING)
    if any(attempt.finished for attempt in found):
        return
    so_far = f"{found[-1].n_rated} of {found[-1].n_clips}" if found else "none"
    raise NotClearedError(
        f"participant {participant_id} has not finished the training ({so_far} of its clips "
        f"rated). Run: python -m annotator --participant {participant_id} --phase training"
    )


def _require_fresh_screening(db: Db, protocol: Protocol, participant_id: str) -> None:
    screenings = verdicts.attempts(db, participant_id, Phase.SCREENING)
    finished = [attempt for attempt in screenings if attempt.finished]
    if not finished:
        return
    last = finished[-1]
    if verdicts.is_passed(last, protocol):
        raise NotClearedError(
            f"participant {participant_id} has passed the screening already ({last.n_right} of "
            f"{last.n_clips}). Run: python -m annotator --participant {participant_id}"
        )
    trainings = [t for t in verdicts.attempts(db, participant_id, Phase.TRAINING) if t.finished]
    if len(trainings) <= len(finished):
        raise NotClearedError(
            f"participant {participant_id} failed the screening ({last.n_right} of "
            f"{last.n_clips}) and has not repeated the training since. Run: "
            f"python -m annotator --participant {participant_id} --phase training"
        )
    require_fresh_clips(db, participant_id, last)


def _ordinal(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")
