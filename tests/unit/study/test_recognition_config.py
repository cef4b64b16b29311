import pytest
from pydantic import ValidationError

from study.config.recognition import Recognition
from study.config.study import parse_config
from study.errors import ConfigError

TWO = {"classes": ("barking", "frying"), "answer": "keys"}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"alone": True}, "no stimuli are named"),
        ({"confidence": 1}, "2 to 9 levels"),
        ({"classes": ("a", "a")}, "stands twice"),
        ({"classes": ("a", "")}, "is not a class"),
        ({"classes": ("a", "b\n")}, "is not a class"),
        ({"classes": ("a", "b" * 61)}, "is not a class"),
        ({**TWO, "keys": ("b",)}, "1 key for 2 classes"),
        ({**TWO, "keys": ("b", "b")}, "two classes"),
        ({**TWO, "keys": ("b", "space")}, "not a key for an answer"),
        ({"keys": ("b",)}, 'need answer = "keys"'),
        ({"classes": tuple(map(str, range(100)))}, "at most 99"),
    ],
)
def test_what_cannot_be_asked_is_refused(values, says):
    with pytest.raises(ValidationError, match=says):
        Recognition(**values)


def test_a_key_that_pauses_answers_nothing():
    text = """
keys.pause = "b"
[recognition]
stimuli = "clips"
answer = "keys"
classes = ["barking", "frying"]
keys = ["b", "f"]
"""
    with pytest.raises(ConfigError, match=r"recognition\.keys has b"):
        parse_config(text, "study.toml")
    assert parse_config(text.replace('"b"\n', '"f10"\n', 1), "study.toml").recognition.keys
