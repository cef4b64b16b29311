"""A headphone check takes minutes: the gate is looked at again in the transaction that keeps it."""

import pytest

from annotator.headphones import check
from sessions.laptops import merge as laptops
from sessions.people import roster, withdrawal
from study.errors import NotClearedError
from study.founding import found_study
from study.rehearsal.scene_table import write_scenes
from study.store import audit, open_store, transaction
from study.store.people import headphone_checks
from study.vocabulary import ParticipantKind
from tests.worlds.studies import AT, CONSENT

WHO = "P03"


def closed(db, study, folder):
    roster.close(db, WHO, reason="moved away", actor="AB", at=AT)


def withdrawn(db, study, folder):
    withdrawal.withdraw(db, study, WHO, keep_ratings=True, actor="AB", at=AT)


def dealt(db, study, folder):
    laptops.deal(db, study, [WHO], folder / "laptop.sqlite", actor="AB", at=AT)


@pytest.fixture
def lab(tmp_path):
    study = found_study(tmp_path, ["rehearsal=true", 'headphones.check="antiphase"'], AT)
    (tmp_path / "mit").mkdir()
    write_scenes([], tmp_path / "mit" / "scenes.csv")  # a simulated person asks for it
    engine = open_store(study.store_url)
    with transaction(engine) as db:
        roster.enrol(db, WHO, ParticipantKind.HUMAN, consent=CONSENT, actor="AB", at=AT)
    yield study, engine
    engine.dispose()


def checked(study):
    return check.perform(WHO, profile="good", in_window=False, hurry=True, study_dir=study.folder)


@pytest.mark.parametrize(
    ("happens", "said"),
    [(closed, "was closed on"), (withdrawn, "was closed on"), (dealt, "laptop.sqlite")],
)
def test_a_check_is_not_kept_of_somebody_who_left_meanwhile(lab, monkeypatch, happens, said):
    study, engine = lab
    listen = check.check_headphones

    def slowly(*arguments, **options):
        with transaction(engine) as db:
            happens(db, study, study.folder)
        return listen(*arguments, **options)

    monkeypatch.setattr(check, "check_headphones", slowly)
    with pytest.raises(NotClearedError, match=said):
        checked(study)
    with transaction(engine) as db:
        assert headphone_checks.listed(db, WHO) == []
        assert "check headphones" not in set(audit.frame(db)["action"])


def test_a_check_of_somebody_who_stays_is_kept(lab):
    study, engine = lab
    assert checked(study) == "P03: headphone check, 6 of 6 found: passed"
    with transaction(engine) as db:
        assert len(headphone_checks.listed(db, WHO)) == 1
