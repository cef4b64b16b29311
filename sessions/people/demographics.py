"""Age, sex, hearing and vision: stored apart from ratings, and exported in bands only."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from study.errors import ConfigError, NotClearedError
from study.store import Db
from study.store.desk import Desk
from study.store.people import demographics, participants
from study.store.people.participants import Participant
from study.vocabulary import ParticipantKind

SMALLEST_GROUP = 3
OLDEST = 120
AGE_EDGES = (18, 25, 35, 45, 55, 65)
NOT_SAID = "not said"
TOO_FEW = "all"
_ANSWER = re.compile(r"[^\W\d_][\w -]{0,29}")
_WITH_OPTION = ("age", "sex", "hearing_normal", "vision_normal")


def record(desk: Desk, participant_id: str, answers: Mapping[str, Any]) -> None:
    """Record a participant's answers about themselves.

    Raises ConfigError if the participant is not a person, nothing was said, something was said that
    the study does not ask, or an answer cannot be. Raises NotClearedError if there is no consent.

    `answers`: by question; None where they did not want to say. Earlier answers to others stay.
    """
    db = desk.db
    if not answers:
        raise ConfigError("no answer was given. Give at least one answer, such as --age 30")
    if participants.get(db, participant_id).kind is not ParticipantKind.HUMAN:
        raise ConfigError(
            f"participant {participant_id} is not a person who takes part. Check the id"
        )
    if participants.consent_of(db, participant_id) is None:
        raise NotClearedError(
            f"participant {participant_id} has not given consent, and nothing is recorded about "
            f"people without one. Run: python -m sessions consent {participant_id} --form-version "
            "V --ethics-approval N --experimenter INITIALS"
        )
    for question, said in answers.items():
        _check_answer(question, said, desk.study.config.demographics)
    age = answers.get("age")
    if age is not None and not 0 < age <= OLDEST:
        raise ConfigError(f"{age} is not an age. Give it in years")
    before = demographics.answers(db).get(participant_id, {})
    demographics.put(db, participant_id, {**before, **answers}, desk.at)
    # The log is for good: it says that something was entered, not what.
    desk.log("demographics", participant_id, {"questions": sorted(answers)})


def pair(text: str) -> tuple[str, str | None]:
    """Read an answer to a question of the study's own.

    Raises ConfigError if it is not such a pair, or has an option of its own.

    `text`: ``question=answer``; an empty answer means that they did not want to say.

    Returns
    -------
    question : str
        The question.
    answer : str or None
        What they said.

    Examples
    --------
    >>> pair("handedness=left"), pair("handedness=")
    (('handedness', 'left'), ('handedness', None))
    """
    question, equals, answer = (part.strip() for part in text.partition("="))
    if not equals or not question:
        raise ConfigError(f"--answer {text!r} is not an answer. Give it as question=answer")
    if question in _WITH_OPTION:
        raise ConfigError(
            f"--answer {text!r}: {question} has an option of its own. Use that: --help names it"
        )
    return question, answer or None


def consenting(db: Db) -> list[Participant]:
    """Return the people who take part: all who ever gave consent, closed and withdrawn or not.

    Returns them by id; neither the expert nor simulated people.
    """
    return [
        person
        for person in participants.listed(db)
        if person.kind is ParticipantKind.HUMAN and participants.has_consented(db, person.id)
    ]


COLUMNS = {  # of `banded`, and what each means
    "question": "what was asked, such as age",
    "band": "a group of answers; no group is smaller than three",
    "n": "participants in it",
}


def answers_of(db: Db, people: Sequence[Participant]) -> list[dict[str, Any]]:
    """Return what people said of themselves, one for each of them.

    Returns answers by question; empty for who was not asked.
    """
    known = demographics.answers(db)
    return [known.get(person.id, {}) for person in people]


def banded(db: Db) -> pd.DataFrame:
    """Count participants per band; no group is smaller than three.

    Each question is counted on its own, so that answers cannot be put together. Everybody who gave
    consent counts; who said nothing is in the group of those.

    Returns columns `COLUMNS`.
    """
    everybody = answers_of(db, consenting(db))
    questions = sorted({question for answers in everybody for question in answers})
    rows = []
    for question in questions:
        values = [answers.get(question) for answers in everybody]
        counts = _age_counts(values) if question == "age" else _word_counts(values)
        rows += [{"question": question, "band": band, "n": n} for band, n in merged(counts)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def merged(
    counts: Sequence[tuple[str, int]], smallest: int = SMALLEST_GROUP
) -> list[tuple[str, int]]:
    """Merge groups until none is too small.

    Returns groups of `smallest` or more; one group of all where there are too few people for two.

    `counts`: groups in an order in which neighbours may be merged.

    Examples
    --------
    >>> merged([("18-24", 5), ("25-34", 2), ("35-44", 4)])
    [('18-24', 5), ('25-34 or 35-44', 6)]
    >>> merged([("female", 10), ("male", 1)])
    [('all', 11)]
    """
    groups = [(band, n) for band, n in counts if n]
    while len(groups) > 1 and min(n for _, n in groups) < smallest:
        i = min(range(len(groups)), key=lambda g: groups[g][1])
        neighbours = [j for j in (i - 1, i + 1) if 0 <= j < len(groups)]
        first, second = sorted((i, min(neighbours, key=lambda j: groups[j][1])))
        (band, n), (other, m) = groups[first], groups[second]
        groups[first : second + 1] = [(f"{band} or {other}", n + m)]
    if len(groups) == 1:
        return [(TOO_FEW, groups[0][1])]
    return groups


def age_band(age: int) -> str:
    """Return the band of an age.

    Returns text such as ``"25-34"``.

    Examples
    --------
    >>> age_band(19), age_band(63), age_band(70)
    ('18-24', '55-64', '65 or older')
    """
    if age < AGE_EDGES[0]:
        return f"under {AGE_EDGES[0]}"
    if age >= AGE_EDGES[-1]:
        return f"{AGE_EDGES[-1]} or older"
    lower = max(edge for edge in AGE_EDGES if edge <= age)
    upper = min(edge for edge in AGE_EDGES if edge > age)
    return f"{lower}-{upper - 1}"


def _check_answer(question: str, said: object, asked: Sequence[str]) -> None:
    if question not in asked:
        raise ConfigError(
            f"this study does not ask for {question}. It asks for {', '.join(asked)}; more can be "
            "named under demographics in study.toml"
        )
    if isinstance(said, str) and not _ANSWER.fullmatch(said):
        raise ConfigError(
            f"{question} {said!r} is more than a word or two that identify nobody. Shorten it; "
            "names and addresses belong on paper"
        )


def _age_counts(ages: Iterable[int | None]) -> list[tuple[str, int]]:
    known = list(ages)
    counts = Counter(age_band(age) for age in sorted(a for a in known if a is not None))
    return [*counts.items(), (NOT_SAID, sum(age is None for age in known))]


def _word_counts(values: Iterable[object]) -> list[tuple[str, int]]:
    counts = Counter(_in_words(value) for value in values)
    return sorted(counts.items(), key=lambda group: (-group[1], group[0]))


def _in_words(value: object) -> str:
    match value:
        case None:
            return NOT_SAID
        case bool():
            return "yes" if value else "no"
    return str(value).casefold()
