import av
import pytest

from study.errors import ConfigError
from study.rehearsal.odd import ODD_KINDS, is_flash, make_odd_clip

UNREADABLE = {"empty", "not_media"}


@pytest.mark.parametrize("kind", sorted(set(ODD_KINDS) - UNREADABLE))
def test_every_readable_kind_opens_and_is_made_the_same_way_twice(kind, tmp_path):
    first = make_odd_clip(kind, tmp_path / "a.mp4").read_bytes()
    second = make_odd_clip(kind, tmp_path / "b.mp4").read_bytes()
    assert first == second
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams


@pytest.mark.parametrize("kind", sorted(UNREADABLE))
def test_unreadable_kinds_do_not_open(kind, tmp_path):
    make_odd_clip(kind, tmp_path / "a.mp4")
    with pytest.raises(av.error.InvalidDataError):
        av.open(str(tmp_path / "a.mp4"))


def test_flash_is_white_in_the_frames_where_it_beeps(tmp_path):
    make_odd_clip("plain", tmp_path / "a.mp4")
    with av.open(str(tmp_path / "a.mp4")) as container:
        white = [
            frame.time
            for frame in container.decode(video=0)
            if frame.to_ndarray(format="gray").mean() > 200
        ]
    assert white == [i / 30 for i in range(90) if is_flash(i / 30)]
    assert len(white) == 9


def test_unknown_kind_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(ConfigError, match=r"no odd clip of kind 'upside_down'\. Known: plain"):
        make_odd_clip("upside_down", tmp_path / "a.mp4")
