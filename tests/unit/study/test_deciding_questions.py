"""When a clip is open: compared with every way in which its ratings could still turn out."""

from itertools import combinations_with_replacement, product

import numpy as np
import pandas as pd
import pytest

from curation.tally import COUNTS, is_prominent, is_unanimous
from study.config.protocol import Protocol
from study.config.study import parse_config
from study.deciding.questions import (
    every_tally,
    has_enough,
    is_answered_yes,
    is_open,
    is_unanswered,
    n_first,
)
from study.errors import ConfigError

MAJORITIES = ("strict", "at_least_two")
QUESTIONS = ("prominent", "present", "unanimous")
SIZES = range(1, 6)


def says_yes(given, question, majority):
    """The answer of all ratings, in other words than the program's."""
    yes = [rating >= 2 if question == "present" else rating == 3 for rating in given]
    if question == "unanimous":
        return all(yes)
    return sum(yes) >= 2 if majority == "at_least_two" else sum(yes) > len(yes) / 2


def protocol_of(size, majority, *questions):
    return Protocol(
        ratings_per_clip=size, majority=majority, rating_rule="until_decided", decide=questions
    )


@pytest.mark.parametrize("majority", MAJORITIES)
@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("size", SIZES)
def test_a_clip_is_open_while_some_completion_would_change_the_answer(size, question, majority):
    protocol = protocol_of(size, majority, question)
    for n in range(size + 1):
        for given in combinations_with_replacement((1, 2, 3), n):
            completions = product((1, 2, 3), repeat=size - n)
            answers = {says_yes((*given, *more), question, majority) for more in completions}
            tally = [[given.count(rating) for rating in (1, 2, 3)]]
            assert is_open(tally, question, protocol)[0] == (len(answers) == 2), given
            assert is_answered_yes(tally, question, protocol)[0] == (answers == {True}), given


@pytest.mark.parametrize("majority", MAJORITIES)
@pytest.mark.parametrize("size", SIZES)
def test_tallies_that_are_not_open_are_read_as_all_ratings_would_be(size, majority):
    protocol = protocol_of(size, majority, "prominent", "unanimous")
    for n in range(1, size + 1):
        for given in combinations_with_replacement((1, 2, 3), n):
            tally = [given.count(rating) for rating in (1, 2, 3)]
            if is_unanswered([tally], protocol)[0]:
                continue
            clips = pd.DataFrame([tally], columns=list(COUNTS))
            complete = (*given, *[1] * (size - n))
            assert is_prominent(clips, majority)[0] == says_yes(complete, "prominent", majority)
            assert is_unanimous(clips, size)[0] == says_yes(complete, "unanimous", majority)


def test_two_3s_and_nothing_else_are_not_unanimous():
    clips = pd.DataFrame([[0, 0, 2], [0, 0, 3]], columns=list(COUNTS))
    assert is_unanimous(clips, 3).tolist() == [False, True]


@pytest.mark.parametrize("majority", MAJORITIES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "questions", [("prominent",), ("present",), ("unanimous",), ("prominent", "unanimous")]
)
def test_nothing_is_decided_before_the_first_ratings_and_something_with_them(
    size, majority, questions
):
    protocol = protocol_of(size, majority, *questions)
    least = n_first(protocol)
    assert not is_unanswered(every_tally(least), protocol).all()
    for fewer in range(1, least):
        assert is_unanswered(every_tally(fewer), protocol).all()


def test_nobody_asks_whether_raters_of_a_clip_agree_that_the_test_set_cannot_use():
    protocol = protocol_of(3, "strict", "prominent", "unanimous")
    assert is_unanswered([[0, 0, 2]] * 2, protocol, [True, False]).tolist() == [True, False]


def test_with_the_papers_rule_a_clip_has_enough_with_all_its_ratings():
    assert has_enough([[0, 0, 2], [0, 0, 3], [4, 0, 0]], Protocol()).tolist() == [False, True, True]
    decided = protocol_of(3, "strict", "prominent")
    assert has_enough([[0, 0, 2], [1, 0, 1], [2, 0, 0]], decided).tolist() == [True, False, True]


def test_an_over_rated_clip_is_not_open():
    found = is_open([[2, 0, 2]], "prominent", protocol_of(3, "strict", "prominent"))
    assert np.array_equal(found, [False])


@pytest.mark.parametrize(
    ("older", "present"),
    [
        ("max_ratings_per_clip = 5", 'decide = ["majority"]\nratings_at_most = 5'),
        (
            'max_ratings_per_clip = 4\nfurther_rating_when = "not_unanimous"',
            'decide = ["agreement"]\nratings_at_most = 4',
        ),
        ("max_ratings_per_clip = 3", None),
        ('further_rating_when = "not_unanimous"', None),
    ],
)
def test_older_keys_say_what_the_present_ones_say(older, present):
    before = parse_config(f"[protocol]\n{older}\n", "study.toml")
    rule = "" if present is None else f'rating_rule = "until_decided"\n{present}\n'
    assert before == parse_config(f"[protocol]\n{rule}", "study.toml")


RULE = '[protocol]\nrating_rule = "until_decided"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[protocol]\nmax_ratings_per_clip = 2", "max_ratings_per_clip is 2"),
        ("[protocol]\nmax_ratings_per_clip = 6", "max_ratings_per_clip is 6"),
        ("[protocol]\nmax_ratings_per_clip = 'x'", "max_ratings_per_clip is 'x'"),
        (
            "[protocol]\nmax_ratings_per_clip = 5\nfurther_rating_when = 'x'",
            "further_rating_when is 'x'",
        ),
        (f"{RULE}max_ratings_per_clip = 5", "an older key and rating_rule says what it said"),
        ("[protocol]\ndecide = ['prominent']", 'decide only with rating_rule = "until_decided"'),
        ("[protocol]\nratings_at_most = 4", 'ratings_at_most only with rating_rule = "until'),
        (f"{RULE}decide = ['prominent', 'prominent']", "a question stands there twice"),
        (f"{RULE}decide = []", "protocol.decide is \\(\\)|protocol.decide"),
        (f"{RULE}decide = ['loud']", "protocol.decide.0 is 'loud'"),
        (f"{RULE}decide = ['majority', 'prominent']", "Name one kind"),
        (f"{RULE}ratings_at_most = 5", "never needs more than the 3"),
        (f"{RULE}decide = ['majority']\nratings_at_most = 2", "which is fewer"),
    ],
)
def test_contradictions_are_one_line(text, message):
    with pytest.raises(ConfigError, match=message) as caught:
        parse_config(text, "study.toml")
    assert "\n" not in str(caught.value)
