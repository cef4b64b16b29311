"""Check that a laptop's file holds only what rating on a laptop can produce."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from sessions.exercises import headphones
from sessions.expert import reratings
from sessions.laptops import asked
from sessions.pay.bonus import answer_bonus_pence, bonus_pence
from study.config.protocol import Protocol
from study.config.recognition import LONGEST_CLASS, Recognition
from study.config.study import Study, StudyConfig
from study.store import Db
from study.store.laptops import parts, seals
from study.store.ratings.flags import EXPERIMENTER
from study.tools.wording import counted
from study.vocabulary import EndReason, FlagKind, ParticipantKind, Phase, Rating

Row = dict[str, Any]
Rows = dict[str, list[Row]]
_HEX_32, _HEX_64 = re.compile(r"[0-9a-f]{32}"), re.compile(r"([0-9a-f]{64})?")
_INITIALS = re.compile(r"[A-Z]{2,4}|EXPERT[0-9]{0,2}|desk")
_GRADES = {None, "A", "B", "C", "not applicable", "ungraded"}
# What the annotator writes; what is checked and measured there stays there (`rig_check`).
_WRITTEN = {
    "session", "trial", "rating", "answer", "presentation", "key_press", "audit_event",
    "headphone_check", "ground_truth_version", "protocol_version", "rig_check", "flag", "note",
    "assignment",
}  # fmt: skip
# What an upgrade of the copy fills; nothing of it is merged.
_UPGRADED = {"record_name"}


@dataclass(frozen=True, slots=True)
class Laptop:
    """What a laptop was given, and what it has added."""

    rehearsal: bool
    people: dict[str, ParticipantKind]
    assigned: set[tuple[str, int]]
    exercises: set[tuple[str, int]]
    sampled: set[int]
    recognised: dict[tuple[str, int], Row]
    truths: dict[int, Rating]
    versions: dict[int, Protocol]
    recognition: Recognition
    added: Rows
    asked: tuple[str, ...] = ()


def unlikely(laptop: Db, study: Study, people: list[str], seal: dict[str, Any]) -> Iterator[str]:
    """Yield what rating on a laptop cannot have produced.

    Yields what was found; nothing where all is well.

    `laptop`: an open transaction on a copy of the laptop's file (`study.store.laptops.foreign`).
    """
    added = seals.new_rows(laptop, seal)
    for table in sorted(added.keys() - _WRITTEN - _UPGRADED):
        yield (
            f"{counted(len(added[table]), 'row was', 'rows were')} added to {table}, which a "
            "laptop never does"
        )
        return
    part, problems = _read(laptop, study, people, added)
    yield from problems
    # In this order: who goes on after a finding may meet rows that refer to nothing.
    checks = (_sessions, _trials, _evidence, _ratings, _answers, _bonuses, _truths, _headphones,
              _flags, _notes, _events, _asked)  # fmt: skip
    for check in checks:
        yield from check(part)


def _read(laptop: Db, study: Study, people: list[str], added: Rows) -> tuple[Laptop, list[str]]:
    def old(table: str) -> list[Row]:
        new = {row["id"] for row in added.get(table, [])}
        return [row for row in parts.rows_of(laptop, table) if row["id"] not in new]

    truths = sorted(old("ground_truth_version"), key=lambda row: row["version"])
    versions = {row["id"]: _config(row, study) for row in old("protocol_version")}
    promised = {_promise(study.config), *(_promise(c) for c in versions.values() if c)}
    problems = []
    for row in added.get("protocol_version", []):
        config = _config(row, study)
        if config is None:
            problems.append("a configuration was added that is not valid")
        elif _promise(config) not in promised:
            bonus, rate = config.protocol.bonus_pence, config.protocol.hourly_rate_pence
            problems.append(
                f"its study.toml promises {config.money(bonus)} a match and {config.money(rate)} "
                "an hour, which this study does not"
            )
        versions[row["id"]] = config
    kinds = {
        row["id"]: ParticipantKind(row["kind"]) for row in parts.rows_of(laptop, "participant")
    }
    return Laptop(
        rehearsal=study.config.rehearsal,
        people={person: kinds[person] for person in people},
        assigned={
            (row["participant_id"], row["candidate_id"])
            for row in parts.rows_of(laptop, "assignment")
        },
        exercises={
            (row["phase"], row["candidate_id"]) for row in parts.rows_of(laptop, "exercise_clip")
        },
        recognised=_recognised(laptop),
        sampled={row["candidate_id"] for row in parts.rows_of(laptop, "ground_truth")},
        truths={row["candidate_id"]: Rating(row["rating"]) for row in truths},
        versions={number: (config or study.config).protocol for number, config in versions.items()},
        recognition=study.config.recognition,
        added=added,
        asked=tuple(asked.unlikely(laptop, study, people, added.get("assignment", []))),
    ), problems


def _config(row: Row, study: Study) -> StudyConfig | None:
    if not row["config"]:
        return study.config
    try:
        return StudyConfig.model_validate(row["config"], strict=False)
    except ValidationError:
        return None


def _promise(config: StudyConfig) -> tuple[str, int, int]:
    return config.currency, config.protocol.bonus_pence, config.protocol.hourly_rate_pence


def _sessions(part: Laptop) -> Iterator[str]:
    for row in part.added.get("session", []):
        who, phase = row["participant_id"], row["phase"]
        kind = part.people.get(who)
        if not _HEX_32.fullmatch(row["id"]):
            yield f"session {row['id']!r} has an id that sessions do not have"
        elif kind is None:
            yield f"a session of {who} was added, who has no part of it"
        elif (phase == Phase.GROUND_TRUTH) != (kind is ParticipantKind.EXPERT):
            yield f"{who}, who is {kind}, has a session for {phase}"
        elif not part.rehearsal and (
            row["simulated_profile"] is not None or row["stage"] != "window"
        ):
            yield f"a session of {who} was simulated, and this is not a rehearsal"
        elif row["end_reason"] not in set(EndReason) | {None}:
            yield f"a session ended because of {row['end_reason']!r}"
        elif _is_odd_rig(row["rig"]):
            yield f"the rig of session {row['id']} has a description that rigs do not have"


def _is_odd_rig(rig: Row) -> bool:
    parts = [rig.get(name) or {} for name in ("screen", "sound", "versions", "config")]
    if not all(isinstance(part, dict) for part in parts):
        return True
    screen, sound, *_ = parts
    period_s, rate_hz = screen.get("period_s") or 0.01, sound.get("sample_rate_hz", 48_000)
    numbers = isinstance(period_s, int | float) and isinstance(rate_hz, int | float)
    texts = all(isinstance(rig.get(name, ""), str) for name in ("host", "process", "python"))
    is_odd = not (numbers and texts and isinstance(rig.get("grade", ""), str | None))
    return is_odd or not 0 < period_s < 1 or rig.get("grade") not in _GRADES


def _trials(part: Laptop) -> Iterator[str]:
    sessions = {row["id"]: row for row in part.added.get("session", [])}
    rated = {row["trial_id"] for table in ("rating", "answer") for row in part.added.get(table, [])}
    for row in part.added.get("trial", []):
        session = sessions.get(row["session_id"])
        if session is None:
            yield (
                f"a trial was added to session {row['session_id']}, which had ended before the "
                "laptop was given its part"
            )
        elif not _may_rate(part, session, row):
            clip = row["stimulus_id"] if row["candidate_id"] is None else row["candidate_id"]
            yield (
                f"{session['participant_id']} has a trial with clip {clip}, which "
                f"is not theirs for {session['phase']}"
            )
        elif (row["outcome"] == "rated") != (row["id"] in rated):
            yield f"trial {row['id']} is {row['outcome']}, and its rating says something else"
        elif (row["outcome"] == "failed") != (row["failure"] is not None):
            yield f"trial {row['id']} is {row['outcome']} with the failure {row['failure']!r:.40}"


def _may_rate(part: Laptop, session: Row, trial: Row) -> bool:
    candidate_id = trial["candidate_id"]
    match Phase(session["phase"]):
        case Phase.RECOGNITION:
            return (session["participant_id"], trial["stimulus_id"]) in part.recognised
        case Phase.ANNOTATION:
            return (session["participant_id"], candidate_id) in part.assigned
        case Phase.GROUND_TRUTH:
            return candidate_id in part.sampled
        case phase:
            return (phase.value, candidate_id) in part.exercises


def _ratings(part: Laptop) -> Iterator[str]:
    for row, trial, session in _rated(part):
        same = ("participant_id", "phase", "attempt")
        if row["candidate_id"] != trial["candidate_id"] or any(row[k] != session[k] for k in same):
            yield f"the rating of trial {trial['id']} is of another clip, person or phase"
        elif row["simulated"] != (session["simulated_profile"] is not None):
            yield f"the rating of trial {trial['id']} and its session disagree on who is simulated"


def _recognised(laptop: Db) -> dict[tuple[str, int], Row]:
    """Return who is to recognise what: the stimulus, and whether it is practice."""
    stimuli = {row["id"]: row for row in parts.rows_of(laptop, "stimulus")}
    return {
        (row["participant_id"], row["stimulus_id"]): stimuli[row["stimulus_id"]]
        | {"is_practice": row["is_practice"]}
        for row in parts.rows_of(laptop, "recognition_slot")
    }


def _answers(part: Laptop) -> Iterator[str]:
    for row, trial, session in _rated(part, "answer"):
        stimulus = part.recognised.get((row["participant_id"], row["stimulus_id"]))
        if (
            stimulus is None
            or row["stimulus_id"] != trial["stimulus_id"]
            or row["participant_id"] != session["participant_id"]
        ):
            yield f"the answer of trial {trial['id']} is of another clip or person"
        elif row["simulated"] != (session["simulated_profile"] is not None):
            yield f"the answer of trial {trial['id']} and its session disagree on who is simulated"
        elif not _is_class(row["answer"]):
            yield f"the answer of trial {trial['id']} is {row['answer']!r:.40}, which is no class"
        elif row["bonus_pence"] != answer_bonus_pence(
            row["answer"],
            stimulus["label"],
            part.recognition,
            is_practice=stimulus["is_practice"],
        ):
            yield f"the answer of trial {trial['id']} has a bonus that it does not earn"


def _is_class(answer: str) -> bool:
    return 0 < len(answer) <= LONGEST_CLASS and answer.isprintable()


def _bonuses(part: Laptop) -> Iterator[str]:
    for row, trial, session in _rated(part):
        if row["phase"] == Phase.ANNOTATION:
            protocol = part.versions[session["protocol_version_id"]]
            truth = _truth_at(part, row)
            due = bonus_pence(Rating(row["rating"]), truth, protocol)
        else:
            due = 0
        if row["bonus_pence"] != due:
            yield (
                f"the rating of trial {trial['id']} has a bonus of {row['bonus_pence']} pence, and "
                f"it earns {due}"
            )


def _truth_at(part: Laptop, rating: Row) -> Rating | None:
    """Return the ground truth that a laptop had, what its expert said there included."""
    given = [
        row
        for row in part.added.get("ground_truth_version", [])
        if row["candidate_id"] == rating["candidate_id"] and row["given_at"] <= rating["rated_at"]
    ]
    if given:
        return Rating(max(given, key=lambda row: row["version"])["rating"])
    return part.truths.get(rating["candidate_id"])


def _rated(part: Laptop, table: str = "rating") -> Iterator[tuple[Row, Row, Row]]:
    trials = {row["id"]: row for row in part.added.get("trial", [])}
    sessions = {row["id"]: row for row in part.added.get("session", [])}
    for row in part.added.get(table, []):
        # A rating of a trial that it was given breaks the seal, or its trial has one already.
        trial = trials[row["trial_id"]]
        yield row, trial, sessions[trial["session_id"]]


def _evidence(part: Laptop) -> Iterator[str]:
    trials = {row["id"] for row in part.added.get("trial", [])}
    for table in ("presentation", "key_press", "rating", "answer"):
        for row in part.added.get(table, []):
            if row["trial_id"] not in trials:
                yield f"a {table} was added to a trial from before the laptop was given its part"
    for row in part.added.get("presentation", []):
        if not _HEX_64.fullmatch(row["clip_sha256"]):
            yield f"a presentation shows a clip with the digest {row['clip_sha256']!r:.40}"


def _truths(part: Laptop) -> Iterator[str]:
    said = {
        (row["candidate_id"], row["participant_id"], row["rating"])
        for row, _, session in _rated(part)
        if session["phase"] == Phase.GROUND_TRUTH and session["attempt"] < reratings.ATTEMPT
    }
    for row in part.added.get("ground_truth_version", []):
        if (row["candidate_id"], row["given_by"], row["rating"]) not in said or row["reason"]:
            yield f"a ground truth of clip {row['candidate_id']} is none of the expert's ratings"


def _headphones(part: Laptop) -> Iterator[str]:
    for row in part.added.get("headphone_check", []):
        targets, answers = row["answers"].get("targets"), row["answers"].get("answers")
        gain_db = row["answers"].get("gain_db")
        is_right = (
            row["participant_id"] in part.people
            and row["stimulus"] in ("huggins", "antiphase")
            and _are_choices(targets)
            and _are_choices(answers)
            and isinstance(gain_db, int | float)
            and len(targets) == len(answers) == row["n_trials"]
            and headphones.n_right(tuple(targets), answers) == row["n_right"]
        )
        if not is_right:
            yield f"a headphone check of {row['participant_id']} does not add up"


def _flags(part: Laptop) -> Iterator[str]:
    sessions = {row["id"]: row["participant_id"] for row in part.added.get("session", [])}
    trials = {row["id"]: row["session_id"] for row in part.added.get("trial", [])}
    for row in part.added.get("flag", []):
        rater = sessions.get(trials.get(row["trial_id"], ""))
        by, kind = row["flagged_by"], row["kind"]
        is_own = kind == FlagKind.SLIP and by == rater
        is_experimenter = by == EXPERIMENTER or _INITIALS.fullmatch(by)
        is_seen = kind == FlagKind.TRIAL_DISTURBED and is_experimenter
        if rater is None or not (is_own or is_seen):
            yield f"a flag {kind!r:.40} by {by!r:.40} is not one that rating sets"


def _notes(part: Laptop) -> Iterator[str]:
    sessions = {row["id"]: row["participant_id"] for row in part.added.get("session", [])}
    trials = {row["id"]: row["session_id"] for row in part.added.get("trial", [])}
    for row in part.added.get("note", []):
        trial_id, session_id = row["trial_id"], row["session_id"]
        is_right = (
            row["participant_id"] == sessions.get(session_id)
            and (trial_id is None or trials.get(trial_id) == session_id)
            and _INITIALS.fullmatch(row["written_by"])
        )
        if not is_right:
            yield f"a remark on {row['participant_id']!r:.40} is on no session of theirs there"


def _asked(part: Laptop) -> Iterator[str]:
    yield from part.asked


def _are_choices(numbers: Any) -> bool:  # noqa: ANN401
    return isinstance(numbers, list) and all(
        type(number) is int and 1 <= number <= headphones.N_INTERVALS for number in numbers
    )


def _events(part: Laptop) -> Iterator[str]:
    allowed: dict[str, Callable[[Laptop, Row], bool]] = {
        "ground_truth": _is_truth_event,
        "check headphones": _is_headphones_event,
        "end_session": lambda part, row: (
            row["subject"] in part.people
            and row["detail"] == {}
            and _INITIALS.fullmatch(row["actor"]) is not None
        ),
    }
    for row in part.added.get("audit_event", []):
        check = allowed.get(row["action"])
        if check is None or not check(part, row):
            yield (
                f"the audit log has an event {row['action']!r:.40} by {row['actor']!r:.40} that "
                "rating does not write"
            )


def _is_truth_event(part: Laptop, row: Row) -> bool:
    detail = row["detail"]
    said = [(t["candidate_id"], t["version"], t["rating"], t["given_by"])
            for t in part.added.get("ground_truth_version", [])]  # fmt: skip
    clip = row["subject"].removeprefix("candidate ")
    key = (int(clip) if clip.isdecimal() else None, detail.get("version"), detail.get("rating"))
    return detail.keys() == {"rating", "version"} and (*key, row["actor"]) in said


def _is_headphones_event(part: Laptop, row: Row) -> bool:
    done = [
        {"stimulus": check["stimulus"], "n_right": check["n_right"], "n_trials": check["n_trials"]}
        for check in part.added.get("headphone_check", [])
        if check["participant_id"] == row["actor"] == row["subject"]
    ]
    return row["detail"] in done
