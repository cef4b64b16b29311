"""A participant's record, and what they may do next."""

from collections.abc import Iterator

from sessions.exercises import headphones
from sessions.expert.ground_truths import corrections
from sessions.expert.reratings import in_words, reliability
from sessions.pay.statement import statement
from sessions.people import remarks
from sessions.running.gate import require_cleared
from sessions.running.next_step import next_step
from study.config.study import Study
from study.errors import NotClearedError
from study.store import Db
from study.store.people import headphone_checks, participants
from study.store.plan import assignments
from study.tools.local_time import local_day
from study.tools.wording import counted, lasted
from study.vocabulary import ParticipantKind, Phase


def lines(db: Db, study: Study, participant_id: str) -> list[str]:
    """Return what the experimenter needs to know before a session.

    Returns a few lines; the last ones say what is next and how to start it, or what is missing.
    """
    return [
        *facts(db, study, participant_id),
        *map(remarks.in_words, remarks.of_participant(db, participant_id)),
        *_next(db, study, participant_id),
    ]


def facts(db: Db, study: Study, participant_id: str) -> list[str]:
    """Return what is recorded of a participant, in a few lines."""
    participant = participants.get(db, participant_id)
    since = local_day(participant.enrolled_at)
    found = [f"{participant.id}: {participant.kind.value}, enrolled {since}"]
    consent = participants.consent_of(db, participant_id)
    if consent is not None:
        found.append(f"consent: form {consent.form_version}, signed {consent.signed_on}")
    checks = headphone_checks.listed(db, participant_id)
    if checks or study.config.headphones.check != "off":
        found.append(f"headphone check: {headphones.in_words(checks)}")
    earned = statement(db, participant_id, study.config.protocol)
    count = assignments.counts(db).get(participant_id, assignments.Count(0, 0))
    worked = lasted(earned.worked.total_seconds())
    found.append(
        f"{counted(earned.n_sessions, 'session')}, {worked}, {count.n_done} of "
        f"{counted(count.n_assigned, 'clip')} of the annotation rated"
    )
    is_expert = participant.kind is ParticipantKind.EXPERT
    if is_expert:
        found += _ground_truths(db, study)
    return found


def _ground_truths(db: Db, study: Study) -> list[str]:
    n_sampled = assignments.n_sampled(db)
    corrected = corrections(db)
    return [
        f"{n_sampled - len(assignments.expert_remaining(db))} of "
        f"{counted(n_sampled, 'ground truth')} rated, "
        f"{counted(len(corrected), 'correction')}",
        *(f"  {line}" for line in corrected),
        in_words(reliability(db, study)),
    ]


def _next(db: Db, study: Study, participant_id: str) -> Iterator[str]:
    found = next_step(db, study, participant_id)
    yield f"next: {found.in_words()}"
    if found.step is None:
        return
    yield f"to start it: {found.command}"
    others = [phase for phase in Phase if phase != found.step.phase]
    also = [phase for phase in others if _may_start(db, study, participant_id, phase)]
    if also:
        yield f"may be started as well, with --phase: {', '.join(also)}"


def _may_start(db: Db, study: Study, participant_id: str, phase: Phase) -> bool:
    try:
        require_cleared(db, study, participant_id, phase)
    except NotClearedError:
        return False
    return True
