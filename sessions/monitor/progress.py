"""Where the study stands, as tables, and when it will end."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from math import ceil

import pandas as pd

from sessions.expert.reratings import Reliability, reliability
from sessions.monitor.alarms import Alarm, alarms, in_short, slip_alarms
from sessions.monitor.running_agreement import GROUND_TRUTH, PEER, agreement
from sessions.pay import bonus
from sessions.pay.statement import is_settled_here, statement
from sessions.plan import again, further_ratings
from study.config.study import Study
from study.counting import SHOWN_WRONG, Reason
from study.deciding.audited import are_further
from study.store import Db
from study.store.plan import assignments
from study.store.ratings.counted import ground_truths_that_count, judged
from study.store.ratings.evidence import failures
from study.tools.local_time import local_day
from study.tools.wording import counted

FORECAST_DAYS = 14
PARTICIPANT_COLUMNS = (
    "participant_id", "n_left", "n_rated", "truth_agreement", "peer_agreement", "median_rt_s",
    "replayed_share", "early_press_share", "n_failures", "bonus_pence", "owed_pence",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the study stands.

    Parameters
    ----------
    ratings : DataFrame
        Of the annotation, in the order in which they were given.
    evidence : DataFrame
        From `monitor.evidence.agreement`.
    people : DataFrame
        Columns `PARTICIPANT_COLUMNS`, one row per participant with clips. Shares are of their
        rated trials: those with a replay, and those with a press that came too early.
        ``owed_pence`` is missing on a laptop, which does not know what the desk has paid.
    classes : DataFrame
        Columns ``avmit_label, n_slots, n_done``.
    days : DataFrame
        Ratings per day (rows) and participant (columns).
    failures : DataFrame
        Clips that could not be shown.
    alarms : list of Alarm
        What the experimenter should look at.
    n_without_rater : int
        Ratings that are wanted and that nobody is asked for.
    n_waiting : int
        Rated clips that are open, and for which a further rating has not been asked yet.
    lost : str
        In words, that ratings or ground truths do not count; empty where all do.
    reliability : Reliability
        How well the expert agrees with the expert.
    """

    ratings: pd.DataFrame
    evidence: pd.DataFrame
    people: pd.DataFrame
    classes: pd.DataFrame
    days: pd.DataFrame
    failures: pd.DataFrame
    alarms: list[Alarm]
    n_left: int
    n_without_rater: int
    n_waiting: int
    lost: str
    reliability: Reliability


def progress(db: Db, study: Study, every: pd.DataFrame | None = None) -> Progress:
    """Return where the study stands.

    `study`: the study; ratings of simulated people count in rehearsals only. `every`: from
    `study.store.ratings.counted.judged`, for who has it already.
    """
    every = judged(db, study) if every is None else every
    # An ungraded rig says nothing against its people; another clip on the screen says nothing.
    hidden = [*SHOWN_WRONG, *([] if study.config.rehearsal else [Reason.SIMULATED])]
    given = every[~every["reason"].isin(hidden)].reset_index(drop=True)
    given = given.assign(is_further=are_further(db, study, given))
    sample = ground_truths_that_count(db, study)
    truths = sample.by_clip()
    evidence = agreement(given, truths)
    failed = failures(db)
    people = [
        _person(db, study, participant_id, count, given, evidence, failed)
        for participant_id, count in sorted(assignments.counts(db).items())
    ]
    clips, is_whole = again.standing(again.judged_slots(db, study, every)), is_settled_here(db)
    return Progress(
        ratings=given,
        evidence=evidence,
        people=pd.DataFrame(people, columns=list(PARTICIPANT_COLUMNS)),
        classes=assignments.per_class(db),
        days=per_day(given),
        failures=failed,
        alarms=in_short([*alarms(given, truths), *slip_alarms(given)]),
        n_left=sum(count.n_left for count in assignments.counts(db).values()),
        n_without_rater=again.n_without_rater(clips, is_whole=is_whole),
        n_waiting=len(further_ratings.waiting(db, study, every)),
        lost=" ".join(filter(None, (again.sentence(clips), in_a_sentence(sample.lines())))),
        reliability=reliability(db, study),
    )


def forecast(days: pd.DataFrame, n_left: int, today: date) -> tuple[float, date | None]:
    """Return the rate of ratings, and when the study ends at that rate.

    `days`: from `per_day`.

    Returns
    -------
    per_day : float
        Ratings per day, days off included, over the last two weeks or since the study began.
    end : date or None
        None while nothing can be said.
    """
    if days.empty:
        return 0.0, None
    window = min(FORECAST_DAYS, (today - days.index.min()).days + 1)
    recent = days[[day > today - timedelta(days=window) for day in days.index]]
    speed = float(recent.to_numpy().sum()) / window
    if speed == 0:
        return 0.0, None
    return speed, today + timedelta(days=ceil(n_left / speed))


def per_day(given: pd.DataFrame, zone: tzinfo | None = None) -> pd.DataFrame:
    """Count ratings per day and participant.

    Returns days by the lab's clock as rows, without days off; participants as columns.

    Parameters
    ----------
    given : DataFrame
        Columns ``participant_id, rated_at``.
    zone : tzinfo or None
        The lab's; None for the machine's.
    """
    if given.empty:
        return pd.DataFrame()
    day = [local_day(moment, zone) for moment in given["rated_at"]]
    return given.groupby([pd.Index(day, name="day"), "participant_id"]).size().unstack(fill_value=0)


def in_a_sentence(lines: list[str]) -> str:
    """Return findings as one sentence; empty where there is none."""
    said = "; ".join(lines)
    return f"{said[0].upper()}{said[1:]}" if said else ""


def sentence(found: Progress, now: datetime) -> str:
    """Return the forecast in words, and what has to be planned first.

    `found`: from `progress`.
    """
    return " ".join(
        filter(
            None,
            (
                _forecast(found, now),
                _without_rater(found.n_without_rater),
                further_ratings.sentence(found.n_waiting),
                found.lost,
            ),
        )
    )


def _without_rater(n: int) -> str:
    if not n:
        return ""
    return (
        f"{counted(n, 'rating')} more {'is' if n == 1 else 'are'} needed than the plan has raters "
        "for: enrol another participant, then python -m sessions reassign"
    )


def _forecast(found: Progress, now: datetime) -> str:
    if found.classes.empty:
        return "There is no plan yet: python -m sessions plan."
    if not found.n_left:
        return "All planned ratings have been given."
    speed, end = forecast(found.days, found.n_left, local_day(now))
    if end is None:
        return f"{counted(found.n_left, 'rating')} to come; nothing was rated recently."
    return (
        f"{counted(found.n_left, 'rating')} to come, {speed:.0f} a day recently: done about {end}."
    )


def _person(
    db: Db,
    study: Study,
    participant_id: str,
    count: assignments.Count,
    given: pd.DataFrame,
    evidence: pd.DataFrame,
    failed: pd.DataFrame,
) -> dict[str, object]:
    own = given[given["participant_id"] == participant_id]
    compared = evidence[evidence["participant_id"] == participant_id]
    share = compared.groupby("source")["agrees"].mean()
    owed = statement(db, participant_id, study.config.protocol, unpaid_only=True)
    is_here = is_settled_here(db)
    return {
        "participant_id": participant_id,
        "n_left": count.n_left,
        "n_rated": len(own),
        "truth_agreement": share.get(GROUND_TRUTH),
        "peer_agreement": share.get(PEER),
        "median_rt_s": own["rt_s"].median() if len(own) else None,
        "replayed_share": (own["n_replays"] > 0).mean() if len(own) else None,
        "early_press_share": (own["n_early_presses"] > 0).mean() if len(own) else None,
        "n_failures": int((failed["participant_id"] == participant_id).sum()),
        "bonus_pence": bonus.total_pence(db, participant_id),
        "owed_pence": owed.total_pence if is_here else None,
    }
