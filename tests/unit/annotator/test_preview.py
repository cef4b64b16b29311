"""The page of pictures: every screen of a study, and every fault of them."""

import json
import subprocess
import sys

import pytest
from PIL import Image

import instructions
from annotator.preview.every_screen import Sample, every_page
from annotator.preview.pictures import contrast, faults_of_screen, shots
from annotator.preview.preview_page import preview, sample_of, write_page
from instructions import screens
from study.config.headphones import Headphones
from study.config.keys import Keys
from study.config.screen import Screen
from study.config.study import Study, StudyConfig

WORDS = dict.fromkeys(("contact", "ethics_approval", "institution", "consent_version"), "x")
SIZES = [(1366, 768), (1920, 1080), (3840, 2160)]


def study_of(folder, screen=None, **config):
    given = {"placeholders": WORDS, "screen": screen or Screen(scale="auto")} | config
    return Study(folder, StudyConfig(**given))


def test_the_shipped_texts_have_no_faults_on_usual_screens(tmp_path):
    config = {"headphones": Headphones(check="huggins"), "keys": Keys(slip="f8")}
    study = study_of(tmp_path, **config)
    for size in SIZES[:2]:
        assert list(faults_of_screen(study, *size)) == []
        assert [
            fault for shot in shots(study, sample_of(study), *size) for fault in shot.faults
        ] == []


def test_every_text_of_a_study_is_on_one_of_the_pictures(tmp_path):
    found = set()
    for check in ("huggins", "antiphase"):
        study = study_of(tmp_path, headphones=Headphones(check=check), keys=Keys(slip="f8"))
        said = " ".join(page.text for page in every_page(study, Sample("barking")).values())
        for name in screens.of_study(study.config):
            first = instructions.as_far_as_known(name, "en", {}).splitlines()[0]
            words = max(first.removeprefix("# ").split("{{"), key=len).split("}}")[-1].strip(" *")
            if words and words in said:
                found.add(name)
    on_others = {"warning", "reminder", "reminder_slip", "counter", "disturbed_noted", "slip_noted",
                 "slip_refused"}  # fmt: skip
    needed = {name for check in ("huggins", "antiphase")
              for name in screens.of_study(study_of(tmp_path, headphones=Headphones(check=check),
                                                    keys=Keys(slip="f8")).config)}  # fmt: skip
    assert needed - found - on_others <= {
        "headphones_example_round",
        "headphones_listen",
        "note_sessions",
    }


def test_a_picture_is_as_large_as_the_screen_and_shows_its_colours(tmp_path):
    study = study_of(tmp_path, Screen(background="navy", scale="auto"))
    for shot in shots(study, Sample("barking"), 1366, 768):
        assert shot.picture.size == (1366, 768)
        corner = shot.picture.getpixel((0, 0))
        assert corner == ((139, 0, 0) if shot.name == "warning" else (0, 0, 128))


@pytest.mark.parametrize(
    ("screen", "said"),
    [
        (Screen(), "on 800x600 the place of the clip is"),
        (Screen(text_height_px=16), "most letters are 10 pixels high, and 14 can be read"),
        (Screen(foreground="gray", background="black", warning_background="darkred"),
         "screen.foreground on screen.warning_background has a contrast of"),
    ],
)  # fmt: skip
def test_sizes_and_colours_that_cannot_be_read_are_faults(tmp_path, screen, said):
    assert any(said in fault for fault in faults_of_screen(study_of(tmp_path, screen), 800, 600))


def test_a_text_that_is_too_long_is_a_fault_of_its_picture(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "pause.md").write_text("# Pause\n\n" + "Wait. " * 3000, encoding="utf-8")
    made = preview(study_of(tmp_path, texts="own"), ["en"], SIZES[:1], None)
    assert made.faults == ["pause on 1366x768: the text does not fit. Make it shorter"]


def test_a_text_that_cannot_be_shown_leaves_the_other_pictures(tmp_path):
    study = study_of(tmp_path, texts="own")
    n_pictures = len(preview(study_of(tmp_path), ["en"], SIZES[:1], None).sections[0].pictures)
    made = preview(study, ["en"], SIZES[:1], None)
    assert "is not there" in made.faults[0]
    assert len(made.sections[0].pictures) == n_pictures
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "pause.md").write_text("# {{ nobody }}", encoding="utf-8")
    (tmp_path / "own" / "leave.md").mkdir()
    (tmp_path / "own" / "break.md").write_text("# Tea " + "and so on " * 3000, encoding="utf-8")
    made = preview(study, ["en"], SIZES[:1], None)
    assert [fault.split()[0] for fault in made.faults] == [str(tmp_path / "own/leave.md"), "text",
                                                           "break"]  # fmt: skip
    assert (made.as_shipped, len(made.sections[0].pictures)) == (["leave", "pause"], n_pictures)
    write_page(made, study, tmp_path / "page.html", overwrite=False)
    assert "cannot be: leave, pause." in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_contrast_is_that_of_the_web():
    assert contrast("#767676", "white") == pytest.approx(4.54, abs=0.01)


def test_the_page_carries_its_pictures_sheets_and_faults(tmp_path):
    study = study_of(tmp_path, placeholders={}, title="A <b>study</b>")
    made = preview(study, ["en", "tlh"], [(800, 600)], tmp_path / "pictures")
    write_page(made, study, tmp_path / "page.html", overwrite=False)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == len(made.sections[0].pictures) > 25
    assert "no texts in language &#39;tlh&#39;" in page
    assert "needs a value for contact" in page
    assert "A &lt;b&gt;study" in page
    assert "## Consent form" in page
    with Image.open(tmp_path / "pictures" / "en" / "800x600" / "welcome.png") as welcome:
        assert welcome.size == (800, 600)


def test_the_command_names_every_fault_and_ends_with_1(tmp_path):
    (tmp_path / "study.toml").write_text(f"[placeholders]\n{toml(WORDS)}", encoding="utf-8")
    command = [sys.executable, "-m", "annotator", "preview", "--study", str(tmp_path)]
    one = ["--size", "640x480"]
    done = subprocess.run([*command, *one], capture_output=True, text=True)
    assert done.returncode == 1
    assert "finding: on 640x480 the place of the clip is" in done.stdout
    again = subprocess.run([*command, *one], capture_output=True, text=True)
    assert (again.returncode, "--overwrite" in again.stderr) == (1, True)
    odd = subprocess.run([*command, "--size", "big"], capture_output=True, text=True)
    assert (odd.returncode, "not the size of a screen" in odd.stderr) == (1, True)


def toml(words):
    return "\n".join(f"{key} = {json.dumps(value)}" for key, value in words.items())
