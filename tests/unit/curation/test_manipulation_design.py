"""What a design may ask for, and how its conditions are told apart."""

import numpy as np
import pytest

from curation.manipulation.planning.conditions import Condition
from curation.manipulation.planning.design import read_design
from curation.manipulation.planning.sources import SourceClip, read_sources
from curation.manipulation.planning.stimuli import PlannedStimulus, plan_stimuli
from study.errors import ConfigError, TableError
from study.naming import source_of
from tests.worlds.stimuli import write_design


def design_of(tmp_path, text):
    return read_design(write_design(tmp_path / "design.toml", text))


def source(name):
    return SourceClip(name, name.partition("/")[0], source_of(name), None)


def test_lists_of_a_cross_are_crossed_and_named(tmp_path):
    design = design_of(
        tmp_path,
        """
        [[condition]]
        name = "plain"
        [[cross]]
        name = "late"
        asynchrony_ms = [-50, 0, 133.5]
        noise = "pink"
        snr_db = [0, 10]
        """,
    )
    assert [condition.name for condition in design.condition] == [
        "plain",
        "late_asynchrony_ms_-50_snr_db_0", "late_asynchrony_ms_-50_snr_db_10",
        "late_asynchrony_ms_0_snr_db_0", "late_asynchrony_ms_0_snr_db_10",
        "late_asynchrony_ms_133.5_snr_db_0", "late_asynchrony_ms_133.5_snr_db_10",
    ]  # fmt: skip
    assert {condition.noise for condition in design.condition[1:]} == {"pink"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has 0 conditions"),
        ('[[condition]]\nname = "a"\nsnr_db = 3', "noise and snr_db go together"),
        ('[[condition]]\nname = "a"\nmodality = "audio"\nincongruent = true', "need sound and"),
        ('[[condition]]\nname = "a"\nmodality = "visual"\nnoise = "pink"\nsnr_db = 1', "no sound"),
        ('[[condition]]\nname = "a"\nmodality = "audio"\nblur_px = 2', "the picture is black"),
        ('[[condition]]\nname = "a"\nmodality = "audio"\nattend = "picture"', "not there to"),
        ('[[condition]]\nname = "a"\ncolour = "red"', "there is no key condition.0.colour"),
        ('[[condition]]\nname = "../a"', "'../a' is not a condition's name"),
        ("[[condition]]\nblur_px = 2", "there is no condition.0.name"),
        (
            '[[condition]]\nname = "a"\nlow_pass_cpp = 2\nhigh_pass_cpp = 8',
            "nothing is left below 2 and above 8 cycles",
        ),
        ('[[condition]]\nname = "a"\n[[condition]]\nname = "A"', "two conditions a"),
        ('[[condition]]\nname = "a"\nasynchrony_ms = nan', "condition.0.asynchrony_ms"),
        ('[[condition]]\nname = "a"\nasynchrony_ms = "late"', "condition.0.asynchrony_ms"),
        ('condition = "a"', "Write them as"),
        ("cross = [1]", "not a table"),
        ("[[cross]]\nseed = [" + "1," * 2000 + "]", "Shorten its lists"),
        ("[[condition", "is not TOML"),
    ],
)
def test_what_cannot_be_made_is_one_line(tmp_path, text, says):
    with pytest.raises(ConfigError, match=says) as refusal:
        design_of(tmp_path, text)
    assert len(str(refusal.value).splitlines()) == 1


def many(n_classes, n_clips):
    return [source(f"class{c}/v{c}x{k}_1.mp4") for c in range(n_classes) for k in range(n_clips)]


@pytest.mark.parametrize(("n_classes", "n_clips"), [(16, 60), (4, 7), (2, 5), (5, 3)])
def test_sounds_of_other_classes_are_balanced_within_one(tmp_path, n_classes, n_clips):
    sources = many(n_classes, n_clips)
    text = '[[condition]]\nname = "other"\nincongruent = true'
    stimuli = plan_stimuli(design_of(tmp_path, text), sources, sources)
    pairs = [(each.source.label, each.sound.label) for each in stimuli]
    labels = sorted({each.label for each in sources})
    counts = np.array([[pairs.count((seen, heard)) for heard in labels] for seen in labels])
    assert not counts.diagonal().any()
    apart = counts[~np.eye(n_classes, dtype=bool)].reshape(n_classes, -1)
    assert (apart.max(axis=1) - apart.min(axis=1)).max() <= 1
    assert np.ptp(counts.sum(axis=0)) <= 1
    used = [each.sound.name for each in stimuli]
    assert max(map(used.count, used)) - min(used.count(each.name) for each in sources) <= 1


def test_a_picture_never_gets_a_sound_of_its_own_source_video(tmp_path):
    sources = [source(f"{label}/same_{k}.mp4") for label in ("a", "b") for k in (1, 2)]
    sources += [source("a/other_1.mp4"), source("b/another_1.mp4")]
    text = '[[condition]]\nname = "other"\nincongruent = true'
    for each in plan_stimuli(design_of(tmp_path, text), sources, sources):
        assert each.source.video != each.sound.video


def test_a_stimulus_is_the_same_whatever_else_is_made(tmp_path):
    other = '[[condition]]\nname = "other"\nincongruent = true\n'
    more = other + '[[condition]]\nname = "third"\nincongruent = true\n'
    sources = many(4, 5)
    alone = plan_stimuli(design_of(tmp_path, other), sources, sources)
    among = plan_stimuli(design_of(tmp_path, more), sources, sources)
    assert [each for each in among if each.condition.name == "other"] == alone
    third = [each.sound for each in among if each.condition.name == "third"]
    assert third != [each.sound for each in alone]


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({"incongruent": True, "attend": "picture"}, "barking"),
        ({"incongruent": True, "attend": "sound"}, "diving"),
        ({"incongruent": True}, ""),
    ],
)
def test_an_answer_is_right_only_where_one_can_be(changes, label):
    stimulus = PlannedStimulus(
        Condition(name="c", **changes), source("barking/x_1.mp4"), source("diving/y_1.mp4"), "f"
    )
    assert (stimulus.label, stimulus.picture_label, stimulus.sound_label) == (
        label, "barking", "diving"
    )  # fmt: skip


def test_a_black_picture_and_silence_have_no_label_of_what_is_not_there():
    clip = source("barking/x_1.mp4")
    heard = PlannedStimulus(Condition(name="c", modality="audio"), clip, clip, "f")
    seen = PlannedStimulus(Condition(name="c", modality="visual"), clip, clip, "f")
    assert (heard.label, heard.picture_label, heard.sound_label) == ("barking", "", "barking")
    assert (seen.label, seen.picture_label, seen.sound_label) == ("barking", "barking", "")


def test_a_published_list_finds_clips_under_new_and_old_names(tmp_path):
    table = tmp_path / "test_set.csv"
    table.write_text(
        "filename,AVMIT_label,MIT_label,video_location,new_filename,tfrecord_filename\n"
        "barking/yt-a_1.mp4,barking,barking,training,barking/barking_1.mp4,barking/yt-a_1.tfrecord\n"
        "diving/yt-b_2.mp4,diving,diving,validation,diving/diving_1.mp4,diving/yt-b_2.tfrecord\n"
    )
    for name in ("barking/barking_1.mp4", "validation/diving/yt-b_2.mp4"):
        (tmp_path / "clips" / name).parent.mkdir(parents=True)
        (tmp_path / "clips" / name).write_bytes(b"x")
    found = read_sources(table, tmp_path / "clips")
    assert [(each.name, each.video, each.path.is_file()) for each in found] == [
        ("barking/barking_1.mp4", "yt-a", True), ("diving/diving_1.mp4", "yt-b", True),
    ]  # fmt: skip


def test_two_clips_of_one_stem_are_refused(tmp_path):
    for name in ("barking/x.mp4", "barking/x.mkv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(TableError, match="barking/x"):
        read_sources(None, tmp_path)
