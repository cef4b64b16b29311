"""A headphone check takes minutes: the gate is looked at again in the transaction that keeps it."""

from functools import partial

import pytest

from annotator.headphones import check
from annotator.opening import stage_of
from annotator.request import StageOptions
from annotator.task.actor import Actor
from sessions.laptops.deal import deal_part
from sessions.people import roster, withdrawal
from study.errors import NotClearedError
from study.init import init_study
from study.rehearsal.scene_table import write_scenes
from study.store import audit, open_store, transaction
from study.store.desk import Desk
from study.store.people import headphone_checks
from study.vocabulary import ParticipantKind
from tests.worlds.studies import AT, CONSENT

WHO = "P03"


def closed(desk):
    roster.close(desk, WHO, reason="moved away")


def withdrawn(desk):
    withdrawal.withdraw(desk, WHO, keep_ratings=True)


def dealt(desk):
    deal_part(desk, [WHO], desk.study.folder / "laptop.sqlite")


@pytest.fixture
def lab(tmp_path):
    study = init_study(tmp_path, ["rehearsal=true", 'headphones.check="antiphase"'], AT)
    (tmp_path / "mit").mkdir()
    write_scenes([], tmp_path / "mit" / "scenes.csv")  # a simulated person asks for it
    engine = open_store(study.store_url)
    with transaction(engine) as db:
        desk = Desk(db, study, "AB", AT)
        roster.enrol(desk, WHO, ParticipantKind.HUMAN, consent=CONSENT)
    yield study, engine
    engine.dispose()


def checked(study):
    actor, options = Actor("good", hurry=True), StageOptions(in_window=False)
    opened = partial(stage_of, actor=actor, options=options)
    return check.perform(WHO, opened, actor, study_dir=study.folder)


@pytest.mark.parametrize(
    ("happens", "said"),
    [(closed, "was closed on"), (withdrawn, "was closed on"), (dealt, "laptop.sqlite")],
)
def test_a_check_is_not_kept_of_somebody_who_left_meanwhile(lab, monkeypatch, happens, said):
    study, engine = lab
    listen = check.check_headphones

    def slowly(*arguments, **options):
        with transaction(engine) as db:
            happens(Desk(db, study, "AB", AT))
        return listen(*arguments, **options)

    monkeypatch.setattr(check, "check_headphones", slowly)
    with pytest.raises(NotClearedError, match=said):
        checked(study)
    with transaction(engine) as db:
        assert headphone_checks.listed(db, WHO) == []
        assert "check headphones" not in set(audit.frame(db)["action"])


def test_a_check_of_somebody_who_stays_is_kept(lab):
    study, engine = lab
    assert checked(study).in_words() == "P03: headphone check, 6 of 6 found: passed"
    with transaction(engine) as db:
        assert len(headphone_checks.listed(db, WHO)) == 1
