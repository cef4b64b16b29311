"""What is still to come under each rating rule: ratings, hours and money, with intervals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from rich.table import Table

from sessions.monitor.certain_forecast import Start, play_on
from sessions.plan.planning import able_raters
from study import counting
from study.config.money import Money
from study.config.protocol import MOST_CERTAIN, OF_CERTAIN, SCREENING_PASS_SHARE, Protocol
from study.config.study import Study
from study.deciding.audited import in_audit
from study.deciding.belief import believe
from study.deciding.expected import Floats, Prior, drawn_patterns, expected_further
from study.deciding.open_clips import tallies_of
from study.deciding.pictures import has_test_picture, picture_facts
from study.deciding.questions import Flags, Ints, every_tally, is_answered_yes, is_open
from study.errors import StudyError
from study.store import Db
from study.store.clips import candidates
from study.store.plan import exercises, ground_truths
from study.store.ratings.counted import judged
from study.tools.seeding import generator

TRIAL_S = 7.0  # paid for a trial of a three-second clip
CLASS_WEIGHT = 4  # so many clips weighs what all classes share in the guess of one
_N_DRAWS = 400
_RULES: Mapping[str, tuple[str, ...]] = {
    "all": (),
    "until_decided: prominent": ("prominent",),
    "until_decided: prominent, unanimous": ("prominent", "unanimous"),
}


@dataclass(frozen=True, slots=True)
class Span:
    """An expected number, and where it lies with 95 %."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, draws: Floats) -> "Span":
        """Return the span of draws."""
        return cls(float(draws.mean()), *map(float, np.quantile(draws, (0.025, 0.975))))

    def times(self, factor: float, plus: float = 0.0) -> "Span":
        """Return the span of something that grows with it."""
        return Span(*(factor * n + plus for n in (self.value, self.low, self.high)))


@dataclass(frozen=True, slots=True)
class RuleForecast:
    """What one rule still asks for.

    Parameters
    ----------
    is_own : bool
        Whether it is the study's rule.
    to_come : Span
        Ratings.
    hours, cost_pence : Span
        Paid time, and pay and bonus, of the ratings to come.
    share : Span
        All ratings of the study, of those of the full design.
    """

    rule: str
    is_own: bool
    to_come: Span
    hours: Span
    cost_pence: Span
    share: Span


@dataclass(frozen=True, slots=True)
class Forecast:
    """What each rule still asks for, and what that is based on."""

    rules: tuple[RuleForecast, ...]
    n_given: int
    n_full: int
    trial_s: float


def forecast_rules(
    db: Db,
    study: Study,
    *,
    prior: Prior,
    trial_s: float | None = None,
    certainty: float | None = None,
) -> Forecast:
    """Return what is still to come under each rule, from what has been rated so far.

    Raises StudyError if there are no candidates.

    Parameters
    ----------
    prior : Prior
        What counts while little has been rated: as much as fifty clips with all their ratings.
    trial_s : float or None
        Seconds that are paid for a trial; None for 7.
    certainty : float or None
        Of the certain rule; None for the study's.
    """
    every = judged(db, study)
    clips = _clips(db, study, every)
    protocol = study.config.protocol
    counts = clips[[1, 2, 3]].to_numpy(np.int64)
    size = protocol.ratings_per_clip
    full = _full_tallies(db, study, every)
    groups = clips.groupby(list(clips.columns)).size().rename("n").reset_index()
    rng = generator(study.config.seed, "forecast")
    patterns = drawn_patterns(full, prior, size, _N_DRAWS, rng)
    seconds = TRIAL_S if trial_s is None else trial_s
    rules = tuple(
        _of_rule(name, _with_rule(protocol, questions), groups, patterns, seconds, protocol)
        for name, questions in _rules_of(protocol).items()
    )
    rule = _certain(protocol, certainty)
    if rule is not None:
        rules += (_of_certain(db, study, rule, every, prior, seconds),)
    return Forecast(rules, int(counts.sum()), len(full), seconds)


def forecast_table(found: Forecast, money: Money) -> Table:
    """Return what is still to come as a table for the terminal."""
    table = Table()
    for heading in ("rule", "ratings to come", "hours", "pay and bonus", "of the full design"):
        table.add_column(heading, justify="left" if heading == "rule" else "right")
    for row in found.rules:
        table.add_row(
            f"{row.rule} (this study)" if row.is_own else row.rule,
            _in_words(row.to_come, "{:,.0f}".format),
            _in_words(row.hours, "{:,.1f}".format),
            _in_words(row.cost_pence, lambda amount: money(round(amount))),
            _in_words(row.share.times(100), "{:.1f} %".format),
        )
    return table


def _in_words(span: Span, form: Callable[[float], str]) -> str:
    value, low, high = (form(n) for n in (span.value, span.low, span.high))
    return value if low == high else f"{value} ({low} to {high})"


def _clips(db: Db, study: Study, every: pd.DataFrame) -> pd.DataFrame:
    known = candidates.frame(db).set_index("candidate_id")
    known = known[~known.index.isin(exercises.frame(db)["candidate_id"])]
    if known.empty:
        raise StudyError("there are no candidates to rate. Run: python -m curation candidates")
    tallies = tallies_of(counting.counted(every).ratings).reindex(known.index, fill_value=0)
    usable = has_test_picture(picture_facts(db, study.config.protocol), study.config.protocol)
    return tallies.assign(
        avmit_label=known["avmit_label"],
        has_picture=usable.reindex(known.index),
        gets_all=known.index.isin(ground_truths.sampled(db)),
    )


def _full_tallies(db: Db, study: Study, every: pd.DataFrame) -> Ints:
    """Return the tallies of a random sample with all its ratings, and no rating more."""
    ratings, size = counting.counted(every).ratings, study.config.protocol.ratings_per_clip
    ids = ratings["candidate_id"]
    drawn = ids.isin(ground_truths.sampled(db)) | in_audit(ids, study.config)
    # What was asked for further, because people disagreed, would make the sample differ.
    counts = tallies_of(ratings[drawn].groupby("candidate_id").head(size)).to_numpy(np.int64)
    return np.asarray(counts[counts.sum(axis=1) == size], dtype=np.int64)


def _rules_of(protocol: Protocol) -> dict[str, tuple[str, ...]]:
    own = f"{protocol.rating_rule}: {', '.join(protocol.questions)}"
    is_exact = protocol.rating_rule == "until_decided" and protocol.may_ask_fewer
    extra = {own: protocol.questions} if is_exact and own not in _RULES else {}
    return {**_RULES, **extra}


def _with_rule(protocol: Protocol, questions: tuple[str, ...]) -> Protocol:
    given = {key: value for key, value in protocol.model_dump().items() if key not in OF_CERTAIN}
    given |= {"rating_rule": "all", "decide": None, "ratings_at_most": None}
    if questions:
        given |= {"rating_rule": "until_decided", "decide": questions}
    return Protocol.model_validate(given)


def _certain(protocol: Protocol, certainty: float | None) -> Protocol | None:
    """Return the certain rule with the study's numbers; None where clips get too many ratings."""
    given = protocol.model_dump()
    if protocol.rating_rule != "until_certain":
        if protocol.ratings_per_clip > MOST_CERTAIN:
            return None
        given |= {"rating_rule": "until_certain", "decide": None, "ratings_at_most": None}
    return Protocol.model_validate(given | ({} if certainty is None else {"certainty": certainty}))


def _of_certain(
    db: Db, study: Study, rule: Protocol, every: pd.DataFrame, prior: Prior, trial_s: float
) -> RuleForecast:
    as_if = replace(study, config=study.config.model_copy(update={"protocol": rule}))
    belief = believe(db, as_if, every)
    ids = belief.clips["candidate_id"]
    n_raters = max(len(belief.raters), len(able_raters(db, study)), rule.most_ratings)
    start = Start(
        replace(belief.answers, n_raters=n_raters),
        np.where(belief.gets_all, rule.ratings_per_clip, 1),
        ids.isin(ground_truths.sampled(db)).to_numpy(dtype=np.bool_),
        rule.most_ratings,
        belief.limit,
        rule.certain_question,
        rule.class_min_prominent if "class_list" in rule.questions else None,
    )
    rng = generator(study.config.seed, "forecast of the certain rule")
    ratings, of_truths = play_on(start, prior, rng).T
    pay = ratings * trial_s / 3600 * rule.hourly_rate_pence
    n_given, n_all = float(belief.counts.sum()), float(rule.ratings_per_clip * len(ids))
    return RuleForecast(
        f"until_certain: {', '.join(rule.questions)}; {rule.certainty:g}, "
        f"{rule.most_ratings} at most",
        rule == study.config.protocol,
        Span.of(ratings),
        Span.of(ratings * trial_s / 3600),
        Span.of(pay + of_truths * rule.bonus_pence * SCREENING_PASS_SHARE),
        Span.of((ratings + n_given) / n_all),
    )


def _of_rule(
    name: str, rule: Protocol, groups: pd.DataFrame, patterns: Floats, trial_s: float, own: Protocol
) -> RuleForecast:
    counts = groups[[1, 2, 3]].to_numpy(np.int64)
    n_clips, gets_all = groups["n"].to_numpy(np.float64), groups["gets_all"].to_numpy(np.bool_)
    missing = np.maximum(own.ratings_per_clip - counts.sum(axis=1), 0).astype(np.float64)
    each = np.broadcast_to(missing, (len(patterns), len(groups)))
    if rule.may_ask_fewer:
        tested = expected_further(counts, rule, patterns, may_be_tested=True)
        others = expected_further(counts, rule, patterns, may_be_tested=False)
        is_usable = groups["has_picture"].to_numpy(np.bool_) & _accepted(groups, patterns, own)
        each = np.where(gets_all, missing, np.where(is_usable, tested, others))
    to_come = Span.of(each @ n_clips)
    hours = to_come.times(trial_s / 3600)
    catch_trials = float((missing * n_clips)[gets_all].sum())
    bonus = catch_trials * own.bonus_pence * SCREENING_PASS_SHARE
    n_all, n_given = own.ratings_per_clip * n_clips.sum(), float(counts.sum(axis=1) @ n_clips)
    return RuleForecast(
        name,
        rule.rating_rule == own.rating_rule and set(rule.questions) == set(own.questions),
        to_come,
        hours,
        hours.times(own.hourly_rate_pence, plus=bonus),
        to_come.times(1 / n_all, plus=n_given / n_all),
    )


def _accepted(groups: pd.DataFrame, patterns: Floats, own: Protocol) -> Flags:
    """Draw which classes will have their prominent clips; one row per draw of the patterns."""
    labels, names = pd.factorize(groups["avmit_label"])
    n_clips = groups["n"].to_numpy(np.float64)
    counts = groups[[1, 2, 3]].to_numpy(np.int64)
    yes = is_answered_yes(counts, "prominent", own)
    no = ~yes & ~is_open(counts, "prominent", own)
    n_yes, n_no, size = (np.bincount(labels, n_clips * of) for of in (yes, no, np.ones(len(yes))))
    share = float(patterns.mean(axis=0) @ is_answered_yes(every_tally(own.ratings_per_clip),
                                                          "prominent", own))  # fmt: skip
    rng = generator(0, "classes of a forecast")
    drawn = rng.beta(n_yes + CLASS_WEIGHT * share, n_no + CLASS_WEIGHT * (1 - share),
                     size=(len(patterns), len(names)))  # fmt: skip
    will_have = n_yes + drawn * (size - n_yes - n_no)
    return np.asarray((will_have >= own.class_min_prominent)[:, labels], dtype=np.bool_)
