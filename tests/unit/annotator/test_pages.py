"""The texts of a session: all read before its window opens, none needed from the disk after."""

from pathlib import Path

import numpy as np
import pytest

from annotator.headphones import headphone_pages
from annotator.reception import reception_pages
from annotator.task.pages import Pages
from annotator.task.problems import Code
from annotator.task.session_progress import SessionProgress
from instructions import screens
from sessions.running.next_step import NextStep, Step
from sessions.running.session_plan import PlannedTrial, SessionPlan
from study.config.headphones import Headphones
from study.config.keys import printed
from study.config.study import Study, StudyConfig
from study.errors import ConfigError
from study.vocabulary import Phase, Rating, Stimulus

TRIAL = PlannedTrial(Stimulus(1, Path("1.mp4"), "barking"), "It barks.", Rating.UNCLEAN)


def own_pages(folder, phase, names=(), **texts):
    own = folder / "own"
    own.mkdir(exist_ok=True)
    for name, content in texts.items():
        (own / f"{name}.md").write_text(content, encoding="utf-8")
    plan = SessionPlan("P03", phase, 1, (TRIAL,), 4, shows_bonus=False)
    config = StudyConfig(texts="own", headphones=Headphones(check="huggins"))
    return Pages(Study(folder, config), plan, 41, names=names)


@pytest.mark.parametrize("phase", list(Phase))
def test_a_session_with_a_text_that_it_could_not_show_is_refused_at_once(tmp_path, phase):
    config = StudyConfig(headphones=Headphones(check="huggins"))
    needed = screens.of_session(config, phase)
    for name in screens.of_study(config):
        (tmp_path / name).mkdir()
        broken = {name: "{{ nothing }}"}
        if name in needed:
            with pytest.raises(ConfigError, match=f"{name}.md needs a value for nothing"):
                own_pages(tmp_path / name, phase, **broken)
        else:
            own_pages(tmp_path / name, phase, **broken)


def test_a_headphone_check_reads_its_own_texts_at_once(tmp_path):
    names = screens.of_headphone_check(StudyConfig(headphones=Headphones(check="huggins")))
    with pytest.raises(ConfigError, match=r"headphones_failed\.md needs a value"):
        own_pages(tmp_path, Phase.TRAINING, names, headphones_failed="{{ nothing }}")


def test_a_text_that_is_changed_or_removed_in_a_session_is_shown_as_it_was(tmp_path):
    pages = own_pages(tmp_path, Phase.TRAINING, **{"break": "{{ n_done }}/{{ n_total }}"})
    (tmp_path / "own" / "break.md").write_text("{{ nothing }}", encoding="utf-8")
    assert pages.rest(SessionProgress(2, 2, 0.0, 0.5)).text == "2/5"
    (tmp_path / "own" / "break.md").unlink()
    assert pages.rest(SessionProgress(3, 3, 0.0, 0.5)).text == "3/5"


def test_every_page_of_a_session_has_all_its_words(tmp_path):
    pages = own_pages(tmp_path, Phase.TRAINING)
    names = screens.of_headphone_check(pages.study.config)
    check = own_pages(tmp_path, Phase.TRAINING, names)
    desk = own_pages(tmp_path, Phase.TRAINING, screens.of_reception(pages.study.config))
    noise = np.zeros((1, 2), np.float32)
    progress = SessionProgress(5, 1, 130.0, 0.2, 10, 320)
    note = pages.note("note_rest", lasted="5 min", planned="1 h")
    shown = [
        pages.start(Step.TRAINING, [note]), pages.welcome(), pages.rest(progress), pages.pause(),
        pages.leave(), pages.leave(is_saved=False), pages.technical_failure(),
        pages.finished(progress), pages.finished(progress, is_all=False),
        pages.call_experimenter("{{ full }}", Code.STORE), pages.feedback(TRIAL, Rating.UNCLEAN),
        headphone_pages.level(pages, -20.0, noise),
        headphone_pages.explanation(check, "huggins"),
        headphone_pages.example(check, "huggins", noise),
        headphone_pages.example_answer(check, 2, "1"),
        headphone_pages.listen(check, 1, 3, noise, gap_s=0.5),
        headphone_pages.which(check, "huggins", 0, 6, 2),
        headphone_pages.which(check, "huggins", 1, 6, 2),
        headphone_pages.result(check, passed=True), headphone_pages.result(check, passed=False),
        reception_pages.who(desk, "P0"), reception_pages.suggested(desk, "p03", "P03"),
        reception_pages.unknown(desk, "P9"),
        reception_pages.choose(desk, NextStep("EXPERT", Step.GROUND_TRUTH, 3, 7)),
        reception_pages.refused(desk, "no clips", Code.NOT_CLEARED),
    ]  # fmt: skip
    texts = [page.text for page in shown]
    texts += [pages.warning(), pages.reminder(), pages.counter(10), *pages.notices().values()]
    assert [text for text in texts if "{{" in text] == []
    assert [page.small_print for page in shown if page.small_print] == ["{{ full }}", "no clips"]


def test_the_end_tells_clips_time_and_bonus_and_only_the_last_one_says_that_all_are_rated(tmp_path):
    pages = own_pages(tmp_path, Phase.ANNOTATION)
    progress = SessionProgress(5, 3, 725.0, 1.0, 20, 320)
    for is_all in (True, False):
        text = pages.finished(progress, is_all=is_all).text
        assert "Clips rated in this session: 3, in 12\xa0min." in text
        assert "**20p** in this session, **£3.20** in all" in text
    assert "That was the last clip. Done: 5 of 5." in pages.finished(progress).text
    nothing = pages.finished(SessionProgress(5, 3, 725.0, 1.0)).text
    assert "bonus" not in nothing


def test_a_break_counts_its_seconds_and_names_a_key_only_when_keys_count(tmp_path):
    page = own_pages(tmp_path, Phase.ANNOTATION).rest(SessionProgress(5, 3, 60.0, 0.25))
    waiting = page.while_waiting(17)
    assert "The break lasts another **17** s." in waiting
    assert "any key" not in waiting
    assert "press any key to go on" in page.text
    assert "■■■■■□□□□□□□□□□□□□□□" in waiting


@pytest.mark.parametrize(
    ("step", "notes", "key"),
    [
        (Step.TRAINING, (), "f10"),
        (Step.ANNOTATION, (), "return"),
        (Step.ANNOTATION, ("For the experimenter: look",), "f10"),
    ],
)
def test_what_is_next_waits_for_the_experimenter_beside_whom_it_is_done(tmp_path, step, notes, key):
    page = own_pages(tmp_path, Phase(step.value)).start(step, notes)
    assert page.keys == (key,)
    assert printed(key) in page.text
    assert "**P03**" in page.text
    assert page.text.endswith("look") == bool(notes)


def test_a_text_with_characters_that_the_font_lacks_is_refused_with_the_remedy(tmp_path):
    pages = own_pages(tmp_path, Phase.ANNOTATION, pause="# 休憩")
    with pytest.raises(ConfigError, match=r"pause\.md: the font 'DejaVu Sans' lacks 休 憩.* CJK"):
        pages.require_font()
    own_pages(tmp_path, Phase.ANNOTATION, pause="# Tea ↑ ■").require_font()
