"""How the words before the task look: as the study says, and never a reason to fail."""

import json
import socket

import pytest
from PIL import ImageChops

from annotator.first_words import look_of, said_on_screen
from annotator.task.layout import task_layout
from annotator.window import last_words
from annotator.window.moment import Look
from study.config.screen import Screen
from study.errors import ConfigError

USUAL = Look("One moment, please", (0.0, 0.0, 40.0), "white", "black", None, None)


def written(folder, text, **texts):
    (folder / "study.toml").write_text(text, encoding="utf-8")
    (folder / "own").mkdir(exist_ok=True)
    for name, content in texts.items():
        (folder / "own" / f"{name}.md").write_text(content, encoding="utf-8")
    return folder


def test_a_study_that_says_nothing_has_the_usual_look(tmp_path):
    assert look_of(written(tmp_path, "")) == USUAL


def test_colours_sizes_and_words_are_the_studys(tmp_path):
    screen = 'background = "navy"\nforeground = "#ffff00"\ntext_height_px = 30\nwidth_px = 800\n'
    folder = written(
        tmp_path, f'texts = "own"\n[screen]\n{screen}height_px = 600', moment="# Un moment\n\nx"
    )
    assert look_of(folder) == Look("Un moment", (0.0, 0.0, 30.0), "#ffff00", "navy", 800, 600)


def test_a_study_in_another_language_without_these_words_has_the_shipped_ones(tmp_path):
    assert look_of(written(tmp_path, 'language = "it"\ntexts = "own"')) == USUAL


@pytest.mark.parametrize(
    "text",
    [
        "[screen",
        '[screen]\ntext_height_px = "tall"',
        "[screen]\ntext_height_px = 0",
        "[screen]\ntext_height_px = 100000",
        "[screen]\nwidth_px = 2.5",
        "[screen]\nwidth_px = true",
        '[screen]\nscale = "large"',
        '[screen]\nunits = "deg"',
        "[screen]\nbackground = 3",
        "\x00",
    ],
)
def test_what_no_study_can_say_shows_no_words(tmp_path, text):
    assert look_of(written(tmp_path, text)) is None


def test_where_there_is_no_study_there_are_no_words(tmp_path):
    assert look_of(tmp_path) is None


def test_words_that_cannot_be_read_are_no_reason_to_fail(tmp_path):
    folder = written(tmp_path, 'texts = "own"')
    (folder / "own" / "moment.md").mkdir()
    assert look_of(folder) is None


def test_the_words_stand_where_the_text_of_a_page_does():
    picture = USUAL.picture((1280, 800))
    left, bottom = USUAL.corner((1280, 800), picture.size)
    assert abs(left + picture.width / 2 - 640) <= 0.5
    assert abs(bottom + picture.height / 2 - 380) <= 0.5
    assert picture.getpixel((0, 0)) == (0, 0, 0)
    assert max(max(pixel) for pixel in picture.getdata()) > 200


@pytest.mark.parametrize(("height_px", "line_px"), [(768, 28), (1080, 40), (2160, 80)])
def test_the_words_of_an_automatic_scale_are_as_high_as_the_tasks(tmp_path, height_px, line_px):
    look = look_of(written(tmp_path, '[screen]\nscale = "auto"'))
    size_px = (16 * height_px // 9, height_px)
    assert look.line_px(size_px) == line_px
    assert task_layout(Screen(scale="auto"), *size_px).text_height_px == line_px


def test_the_words_in_degrees_are_as_high_as_the_tasks(tmp_path):
    screen = {"units": "deg", "viewing_distance_cm": 57.0, "width_cm": 53.0}
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in screen.items())
    look = look_of(written(tmp_path, f"[screen]\n{lines}"))
    layout = task_layout(Screen(**screen), 1920, 1080)
    assert look.line_px((1920, 1080)) == layout.text_height_px
    own = f'[desk]\nscreen_widths_cm = {{"{socket.gethostname()}" = 26.5}}'
    narrow = task_layout(Screen(**screen | {"width_cm": 26.5}), 1920, 1080)
    look = look_of(written(tmp_path, f"[screen]\n{lines}\n{own}"))
    assert look.line_px((1920, 1080)) == narrow.text_height_px > layout.text_height_px


@pytest.mark.parametrize(
    ("study", "below"),
    [("", "Code B2. Any key ends."), ("\0", "Code B2. Any key ends."),
     ('language = "de"', "Code B2. Beenden mit einer beliebigen Taste."),
     ('texts = "own"', "Code B2. Any key ends.")],
)  # fmt: skip
def test_the_last_words_have_a_code_and_say_which_key_goes_on(tmp_path, monkeypatch, study, below):
    said = []
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(last_words, "show", lambda look, *words: said.append(words))
    (written(tmp_path, study) / "own" / "any_key.md").mkdir()
    with pytest.raises(ConfigError), said_on_screen(tmp_path):
        raise ConfigError("the font is not installed here")
    assert said == [("the font is not installed here", below)]


def test_the_last_words_stand_on_the_screen(tmp_path):
    size_px = (1366, 768)
    with_code = last_words.picture(USUAL, "the font", "Code B2. Any key ends.", size_px)
    assert with_code.size == size_px
    changed = ImageChops.difference(with_code, last_words.picture(USUAL, "the font", "", size_px))
    left, top, right, bottom = changed.getbbox()
    assert abs((left + right) / 2 - 683) < 5
    assert 384 < top < bottom < 384 + 3 * 40


def test_the_font_is_the_studys_and_one_that_is_not_there_is_no_reason_to_fail(tmp_path):
    serif = look_of(written(tmp_path, '[screen]\nfont = "DejaVu Serif"'))
    assert serif.font.endswith("DejaVuSerif.ttf")
    assert look_of(written(tmp_path, '[screen]\nfont = "No such font"')) == USUAL
