"""Drawings of a comparison: whose they are can be told, and nothing of them is cut off."""

import numpy as np
import pandas as pd
import pytest

from lab.compare.figures import drawings, shortened
from lab.compare.numbers import compare
from lab.compare.page import comparison_page
from tests.worlds.observers import answers, confusions_of, product_of, responses_of

NETWORKS = [
    "clean clips of the study GRU-YamNet+EffNetB0, as in the paper's Table 4, seed 1",
    "clean clips of the study GRU-YamNet+EffNetB0, as in the paper's Table 4, seed 2",
    r"a name with a $ and one more \$\x$",
]
CONDITIONS = {"heard": "audio", "seen": "visual", "both": "audiovisual"}
LATE = {f"the sound comes later by {ms} ms": float(ms) for ms in (-200, 100, 200)}


@pytest.fixture(scope="module")
def drawn():
    rng = np.random.default_rng(1)
    audio, visual = confusions_of(0.5, 4, rng), confusions_of(0.6, 4, rng)
    given = {"heard": audio, "seen": visual, "both": product_of(audio, visual)}
    people = [answers(given, CONDITIONS, 24, 3, rng).rows]
    networks = [
        answers(given, CONDITIONS, 24, 1, rng).rows.assign(observer=name, group="networks")
        for name in NETWORKS
    ]
    plain = pd.concat([*people, *networks])
    late = [
        plain[plain["condition"] == "both"].assign(condition=name, asynchrony_ms=ms)
        for name, ms in LATE.items()
    ]
    rows = pd.concat([plain.assign(asynchrony_ms=np.nan), *late])
    classes = sorted(rows["label"].unique())
    return drawings(compare(responses_of(rows, classes), n_resamples=20))


def test_every_figure_is_there(drawn):
    assert {title.split(",")[0].split(";")[0] for title, _ in drawn} >= {
        "Accuracy by condition",
        "D prime by condition",
        "Error consistency with people",
        "Observed with sound and picture",
        "Right answers by asynchrony",
        "Answers (across) by true class (down)",
    }


def test_nothing_of_a_figure_is_cut_off(drawn):
    for title, figure in drawn:
        figure.draw_without_rendering()
        box, (width_in, height_in) = figure.get_tightbbox(), figure.get_size_inches()
        assert min(box.x0, box.y0, width_in - box.x1, height_in - box.y1) > -0.01, title


def test_networks_of_one_beginning_have_names_of_their_own_in_every_legend(drawn):
    for title, figure in drawn:
        for legend in figure.legends:
            said = [text.get_text() for text in legend.get_texts()]
            assert len(set(said)) == len(said), title
            if not title.startswith("Observed"):  # for which networks need probabilities
                assert any(name.endswith("seed 1") for name in said), title


def test_shortened_names_stay_apart_even_where_only_their_middles_differ():
    names = ["a" * 20 + middle + "z" * 20 for middle in "bcd"]
    found = shortened(names, 16)
    assert list(found) == names
    assert len(set(found.values())) == 3
    assert max(map(len, found.values())) <= 16


def page_of(people, networks):
    rows = pd.concat([people.assign(group="people"), networks.assign(group="networks")])
    return comparison_page(compare(responses_of(rows, ["x", "y"]), n_resamples=10))


ONE = pd.DataFrame(
    [("A", "c", "1.mp4", "x", "y")], columns=["observer", "condition", "clip", "label", "response"]
)


def test_one_answer_of_each_is_enough_for_a_page():
    page = page_of(ONE, ONE.assign(observer="\N{CJK UNIFIED IDEOGRAPH-7F51}" * 300))
    assert "answered no clip of the same name" not in page


@pytest.mark.parametrize("other", [{"clip": "one.mp4"}, {"condition": "d"}])
def test_people_and_networks_who_share_no_clip_are_said_not_to(other):
    assert "answered no clip of the same name" in page_of(ONE, ONE.assign(**other))
