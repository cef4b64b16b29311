"""The texts of a session: all read before its window opens, none needed from the disk after."""

from pathlib import Path

import pytest

from annotator.task.pages import Pages
from instructions import screens
from sessions.running.session_plan import PlannedTrial, SessionPlan
from study.config.headphones import Headphones
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
    assert pages.rest(2).text == "2/5"
    (tmp_path / "own" / "break.md").unlink()
    assert pages.rest(3).text == "3/5"


def test_every_page_of_a_session_has_all_its_words(tmp_path):
    pages = own_pages(tmp_path, Phase.TRAINING)
    check = own_pages(tmp_path, Phase.TRAINING, screens.of_headphone_check(pages.study.config))
    noise = [[0.0, 0.0]]
    shown = [
        pages.welcome(), pages.rest(1), pages.level(-20.0, noise), pages.pause(), pages.leave(),
        pages.leave(is_saved=False), pages.technical_failure(), pages.finished(5),
        pages.call_experimenter("{{ full }}"), pages.feedback(TRIAL, Rating.UNCLEAN),
        check.headphones("huggins"), check.listen(1, 3, noise, gap_s=0.5),
        check.which("huggins", 1, 6, 2),
        check.headphones_result(passed=True), check.headphones_result(passed=False),
    ]  # fmt: skip
    texts = [page.text for page in shown] + [pages.warning(), pages.reminder()]
    assert [text for text in texts if "{{" in text] == [pages.call_experimenter("{{ full }}").text]
