"""From a study and its store to the tables of a release and what is true of it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd

from curation.release.trial_table.table import Trials, main_phase, trials, with_pseudonyms
from curation.release.whole import Whole, whole
from lab.release.facts import Creator, Facts, StepFact, TableFact
from lab.release.sentences import description
from sessions.plan import again, further_ratings
from study.config.protocol import Protocol
from study.config.study import Study
from study.errors import StudyError
from study.store import Db, store_snapshot
from study.store.people.private import Private, private_words
from study.store.recognition import slots
from study.tools.versions import PROGRAM, versions
from study.tools.wording import counted
from study.vocabulary import Phase

OWN_COMMAND = "lab release"
_MOMENTS = "http://moments.csail.mit.edu/"
_MEANS = {
    "curation export-ratings": "Write the ratings that count, and how often each clip got each.",
    "curation test-set": "Draw the test set.",
    "curation training-lists": "Draw the lists for training and validation.",
    "curation candidates": "Admit or reject every clip of the study's classes.",
    "curation export-trials": "Write the table of trials.",
    "curation agreement": "Work out how well raters agree.",
    "curation export-recognition": "Write what people recognised, as comparisons read it.",
    "sessions plan-recognition": "Take the stimuli in, and decide who meets which.",
    OWN_COMMAND: "Count what was left out, estimate what was not asked, and describe the files.",
}


@dataclass(frozen=True)
class Gathered:
    """What a store gives to a release."""

    whole: Whole
    private: Private
    facts: Facts


def gather(study: Study, answers_blank: int, *, at: datetime, allow_unfinished: bool) -> Gathered:
    """Return the tables of a release and what is true of it; pseudonyms are given and kept.

    Parameters
    ----------
    answers_blank : int
        Questions of the datasheet without an answer.
    at : datetime
        Now; for the store's own log.
    allow_unfinished : bool
        Whether a study that is not finished may be released, and says so.

    Raises
    ------
    StudyError
        If the study is not finished, or a table cannot be believed.
    """
    needed = main_phase(study)
    with store_snapshot(study.store_url) as db:
        standing = _unfinished(db, study)
    if standing and not allow_unfinished:
        raise StudyError(
            f"the study is not finished: {'; '.join(standing)}. Finish it, or pass "
            "--allow-unfinished, which every description then says"
        )
    known = with_pseudonyms(study, at)
    with store_snapshot(study.store_url) as db:
        found = trials(db, study, known, needed)
        tables = whole(db, study, study.folder / "release", found)
        private = private_words(db)
        if not allow_unfinished:
            _require_complete(study, tables)
        missing = () if tables.rated is None else tables.rated.missing
        undrawn = (f"{name} has not been drawn" for name in missing)
        unfinished = (*standing, *undrawn, *filter(None, (tables.lost,)))
        facts = _facts(study, tables, found, unfinished, answers_blank)
    return Gathered(tables, private, facts)


def _require_complete(study: Study, tables: Whole) -> None:
    if tables.rated is not None and tables.rated.missing:
        raise StudyError(
            f"the study is not finished: {', '.join(tables.rated.missing)} not found in "
            f"{study.folder / 'release'}. Draw the lists (python -m curation test-set, "
            "then training-lists), or pass --allow-unfinished"
        )
    if tables.lost:
        raise StudyError(
            f"{tables.lost}. Put the folder of stimuli back where recognition.stimuli in "
            "study.toml says, or pass --allow-unfinished, which every description then says"
        )


def _unfinished(db: Db, study: Study) -> tuple[str, ...]:
    rated = () if main_phase(study) is Phase.RECOGNITION else _unrated(db, study)
    return (*rated, *_unanswered(db, study))


def _unanswered(db: Db, study: Study) -> tuple[str, ...]:
    n_waiting, n_planned = slots.n_waiting(db)
    if n_waiting:
        has = "has" if n_waiting == 1 else "have"
        return (f"{n_waiting} of {n_planned} participants {has} clips left to recognise",)
    if study.stimuli_path is not None and not slots.rows_of_people(db):
        return ("the recognition experiment has not been planned",)
    return ()


def _unrated(db: Db, study: Study) -> tuple[str, ...]:
    clips = again.standing(again.judged_slots(db, study))
    n_complete = again.n_complete(clips) - len(further_ratings.waiting(db, study))
    if not len(clips):
        return ("no clip has been planned",)
    if n_complete < len(clips):
        n = len(clips) - n_complete
        return (
            f"{n} of {counted(len(clips), 'clip does', 'clips do')} not have all their ratings",
        )
    return ()


def _counts(study: Study, tables: Whole, found: Trials) -> dict[str, int]:
    protocol = study.config.protocol
    counts = {
        "trials": len(found.rows),
        "participants": int(found.rows["participant"].nunique()),
        "hourly_rate_pence": protocol.hourly_rate_pence,
    }
    rated, answers = found.of(Phase.ANNOTATION), found.of(Phase.RECOGNITION)
    if tables.rated is not None:
        counts |= {
            "clips": len(tables.rated.tally.clips),
            "classes": int(tables.rated.tally.clips["avmit_label"].nunique()),
            "ratings": len(rated),
            "raters": int(rated["participant"].nunique()),
            "rejects": len(tables.tables["rejects.csv"].rows),
            "ratings_per_clip": protocol.ratings_per_clip,
            "bonus_pence": protocol.bonus_pence,
        }
    if len(answers):
        counts |= {
            "answers": len(answers),
            "observers": int(answers["participant"].nunique()),
            "stimuli": int(answers["stimulus"].nunique()),
            "conditions": int(answers["condition"].nunique()),
            "answer_bonus_pence": study.config.recognition.bonus_pence,
        }
    return counts


def _times(found: Trials) -> "pd.Series[datetime]":
    """Return when what is released was rated and answered."""
    names = {Phase.ANNOTATION: "rated_at", Phase.RECOGNITION: "answered_at"}
    parts = [found.counted[of].ratings[name] for of, name in names.items() if found.has(of)]
    times: pd.Series[datetime] = pd.concat(parts)
    return times


def _facts(
    study: Study,
    tables: Whole,
    found: Trials,
    unfinished: tuple[str, ...],
    n_blanks: int,
) -> Facts:
    config, said = study.config, study.config.release
    times = _times(found)
    days = times.max() - times.min()
    counts = _counts(study, tables, found) | {"days": int(days.days) + 1}
    rule = _rule_of(config.protocol)
    made = {
        name: TableFact(name, table.schema, len(table.rows))
        for name, table in tables.tables.items()
    }
    return Facts(
        title=config.title,
        description=said.description or description(counts),
        version=said.version,
        published_on=_published_on(study, times.max()),
        licence=said.licence,
        creators=tuple(map(creator_of, said.creators)) or (Creator(f"Authors of {config.title}"),),
        publisher=said.publisher,
        keywords=said.keywords,
        doi=said.doi,
        url=said.url,
        contact=said.contact,
        place=_place(study),
        institution_url=said.institution_url,
        clips_url=said.clips_url or (_MOMENTS if tables.rated is not None else None),
        rehearsal=config.rehearsal,
        unfinished=unfinished,
        n_blanks=n_blanks,
        software="AVMIT Lab",
        software_version=versions().get(PROGRAM, "from source"),
        counts=counts,
        majority=rule,
        tables=tuple(made.values()),
        steps=_steps(tables),
    )


def _rule_of(protocol: Protocol) -> str:
    if protocol.rating_rule == "until_certain":
        return f"the likelier answer of label_posterior.csv ({protocol.certainty:g} certain)"
    if protocol.majority != "strict":
        return "at_least_two (two or more are 3)"
    return "strict (more than half are 3)"


def _place(study: Study) -> dict[str, str]:
    said = study.config.release
    named = {
        "InstitutionName": said.institution,
        "InstitutionAddress": said.institution_address,
        "InstitutionalDepartmentName": said.department,
        "CogAtlasID": said.cognitive_atlas,
        "CogPOID": said.cogpo,
    }
    return {name: text for name, text in named.items() if text}


def _published_on(study: Study, last: datetime) -> date:
    told = study.config.release.published_on
    if told is not None:
        return date.fromisoformat(told)
    # A day of the study would tell when people rated; its year does not.
    return date(last.astimezone(UTC).year, 12, 31)


def creator_of(text: str) -> Creator:
    """Return an author from ``"Family, Given"``, or an institution from its name.

    Examples
    --------
    >>> creator_of("Noppeney, Uta").spoken
    'Uta Noppeney'
    """
    family, comma, given = text.partition(",")
    return Creator(family.strip(), given.strip()) if comma and given.strip() else Creator(text)


def _steps(tables: Whole) -> tuple[StepFact, ...]:
    found = []
    for command in dict.fromkeys(table.command for table in tables.tables.values()):
        own = {name: t for name, t in tables.tables.items() if t.command == command}
        inputs = dict.fromkeys(path for table in own.values() for path in table.inputs)
        known = tuple(path for path in inputs if path in tables.tables and path not in own)
        found.append(StepFact(command, _MEANS[command], known, tuple(own)))
    return tuple(found)


def places(study: Study) -> tuple[Path, ...]:
    """Return the folders whose names must not leave."""
    return (study.folder, study.mit_root, Path.home())
