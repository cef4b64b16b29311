from hypothesis import given
from hypothesis import strategies as st

from annotator.task.layout import Rectangle, task_layout
from study.config.screen import Screen


def test_clips_of_all_sizes_share_their_left_and_bottom_edge():
    layout = task_layout(Screen(), 1280, 800)
    places = [layout.clip(w, h) for w, h in ((320, 240), (640, 360), (270, 480))]
    assert {(p.left, p.bottom) for p in places} == {(40, 40)}


def test_the_paper_screen_has_label_on_top_clip_bottom_left_and_bonus_bottom_right():
    layout = task_layout(Screen(), 1280, 800)
    assert layout.label == Rectangle(40, 720, 1200, 40)
    assert layout.clip_box == Rectangle(40, 40, 640, 480)
    assert (layout.bonus.right, layout.bonus.bottom) == (1240, 40)


@given(
    st.integers(640, 3840),
    st.integers(480, 2160),
    st.integers(10, 60),
    st.integers(16, 60),
    st.integers(100, 4000),
)
def test_nothing_overlaps_on_any_screen(width, height, margin, text, box):
    screen = Screen(
        margin_px=margin, text_height_px=text, max_clip_width_px=box, max_clip_height_px=box
    )
    layout = task_layout(screen, width, height)
    parts = [layout.clip_box, layout.label, layout.reminder, layout.bonus]
    for i, one in enumerate(parts):
        assert one.left >= 0
        assert one.bottom >= 0
        assert one.right <= width
        assert one.top <= height
        assert not any(one.overlaps(other) for other in parts[i + 1 :])


def test_touching_is_not_overlapping():
    assert not Rectangle(0, 0, 10, 10).overlaps(Rectangle(10, 0, 10, 10))
    assert Rectangle(0, 0, 10, 10).overlaps(Rectangle(9, 9, 10, 10))
