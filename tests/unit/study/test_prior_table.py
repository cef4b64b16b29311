"""A classifier's table is hostile until it is checked."""

import pytest

from study.deciding.prior import read_prior
from study.errors import TableError

HEAD = "filename,video_location,probability,fold\n"


def table(folder, *lines):
    path = folder / "prior.csv"
    path.write_text(HEAD + "".join(f"{line}\n" for line in lines))
    return path


@pytest.mark.parametrize("probability", ["nan", "inf", "1.0001", "-0.1", "", "high"])
def test_what_is_not_a_probability_is_refused(tmp_path, probability):
    path = table(tmp_path, f"barking/a_1.mp4,training,{probability},0")
    with pytest.raises(TableError, match=r"line 2: .* is not a probability"):
        read_prior(path)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("barking/b_1.mp4,nowhere,0.5,0", "'nowhere' is not a location"),
        ("barking/b_1.mp4,training,0.5,", "'' is not a fold"),
        ("barking/b_1.mp4,training,0.5,-1", "'-1' is not a fold"),
        ("barking/a_1.mp4,MIT_training,0.5,0", "stands there twice"),
    ],
)
def test_a_clip_that_cannot_be_found_or_was_told_twice_is_refused(tmp_path, line, told):
    path = table(tmp_path, "barking/a_1.mp4,training,0.5,0", line)
    with pytest.raises(TableError, match=f"line 3: .*{told}|line 3: {told}"):
        read_prior(path)


def test_a_source_video_in_two_folds_is_refused_because_its_clips_leak(tmp_path):
    lines = ["barking/yt_1.mp4,training,0.5,0", "singing/yt_22.mp4,validation,0.5,3"]
    with pytest.raises(TableError, match="source video 'yt' is in fold 3 and in fold 0"):
        read_prior(table(tmp_path, *lines))
    kept = read_prior(table(tmp_path, lines[0], lines[1].replace(",3", ",0")))
    assert kept.to_dict() == {
        ("training", "barking/yt_1.mp4"): 0.5,
        ("validation", "singing/yt_22.mp4"): 0.5,
    }
