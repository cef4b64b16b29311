"""Every command of curation works alike on SQLite and PostgreSQL: the same bytes come out."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from curation.__main__ import app
from curation.clips import admission, batches
from curation.vetting.page import state_of
from study.rehearsal.odd import make_odd_clip
from study.store import store_transaction
from study.store.clips import candidates, clip_audits, vettings
from study.store.plan import ground_truths
from study.vocabulary import Rating
from tests.worlds.curated import AT, add_people, add_ratings, candidate, fill, new_study

SETTINGS = ("protocol.class_min_prominent=3", "protocol.test_size_per_class=2")
KINDS = ("plain", "vfr", "silent", "no_audio", "truncated", "empty", "short")


@pytest.fixture(params=["sqlite", "postgresql"])
def setting(request):
    """What `study.toml` says of the store."""
    if request.param == "sqlite":
        return ()
    return (f'store="{request.getfixturevalue("postgres_url")}"',)


def run(*arguments):
    """Run a command that must succeed; return what it says."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_tree_is_admitted_reported_and_looked_at_again(tmp_path, setting):
    folder = tmp_path / "mit/training/barking"
    folder.mkdir(parents=True)
    for number, kind in enumerate(KINDS):
        make_odd_clip(kind, folder / f"{kind}_{number}.mp4")
    (folder / "again_9.mp4").write_bytes((folder / "plain_0.mp4").read_bytes())
    study = new_study(tmp_path, *SETTINGS, *setting)
    said = run("candidates", "--report", "--study", tmp_path)
    assert "8 clips = 4 candidates + 4 rejected (0 decided on before)" in said
    assert "flagged, near_duplicate: 4 in 1 groups" in said  # all odd clips show the same
    assert "flagged, vfr: 1" in said
    report = pd.read_csv(tmp_path / "release/candidates_report.csv").set_index("mit_label")
    assert report.loc["barking", ["clips", "candidates"]].tolist() == [8, 4]
    again = run("candidates", "--again", "--study", tmp_path)
    assert "(4 decided on before)" in again
    with store_transaction(study.store_url) as db:
        assert candidates.n_known(db) == 8
        names = ["barking/plain_0.mp4", "barking/empty_5.mp4", "barking/other_1.mp4"]
        assert candidates.known(db, "training", names) == set(names[:2])
        assert candidates.known(db, "validation", names) == set()
        ids, words = clip_audits.hashes(db, "frame_hash")
        assert words.shape == (len(ids), 5)
        assert clip_audits.flagged(db)["vfr"] == {("training", "barking/vfr_1.mp4")}
        assert sum(map(len, clip_audits.frames(db))) == 8


def _rated(folder, setting):
    study = new_study(folder, *SETTINGS, *setting)
    clips = [
        candidate(f"{mit}/yt-{mit}{i // 2}_{i}.mp4", avmit)
        for mit, avmit in (("barking", "barking"), ("cooking", "frying"), ("frying", "frying"))
        for i in range(24)
    ]
    fill(study, clips, lambda place: (3, 3, 3) if place % 24 < 12 else (3, 3, 1))
    return study


def test_every_table_has_the_same_bytes_on_both(tmp_path, setting):
    _rated(tmp_path / "one", setting)
    _rated(tmp_path / "sqlite", ())
    for folder in ("one", "sqlite"):
        study = ("--study", tmp_path / folder)
        run("export-ratings", "--with-participant", *study)
        run("test-set", *study)
        run("training-lists", "--source-disjoint", *study)
        run("agreement", "--resamples", 20, *study)
        run("sensitivity", *study)
        run("raters", *study)
        run("figures", *study)
        run("leakage", tmp_path / folder / "release", *study)
    written = sorted(p.name for p in (tmp_path / "one/release").iterdir() if p.suffix != ".json")
    assert {"raw_video_ratings.csv", "test_set.csv", "MIT16_train.csv", "raters.csv"} <= set(
        written
    )
    for name in written:
        one, other = tmp_path / "one/release" / name, tmp_path / "sqlite/release" / name
        if one.is_file():
            assert one.read_bytes() == other.read_bytes(), name
    provenance = json.loads((tmp_path / "one/release/test_set.json").read_text())["provenance"]
    assert provenance["store_id"]
    assert provenance["store_revision"] == _revision()


def _revision():
    from study.store.migrations import present_revision

    return present_revision()


def test_ground_truths_and_verdicts_are_kept_alike(tmp_path, setting):
    study = _rated(tmp_path, setting)
    assert "5 ground truths to rate, 5 of them new" in run(
        "sample-ground-truths", "--n", 5, "--study", tmp_path
    )
    with store_transaction(study.store_url) as db:
        sampled = ground_truths.sampled(db)
        ground_truths.add_version(
            db, candidate_id=sampled[0], rating=Rating.VERY_CLEAN, given_by="EXPERT", at=AT
        )
        for curator, verdict, reasons in (
            ("C1", "exclude", ["writing", "time_lapse"]),
            ("C1", "undo", []),
            ("C1", "keep", []),
            ("C2", "exclude", ["writing"]),
        ):
            vettings.add(db, candidate_id=1, curator=curator, verdict=verdict, reasons=reasons,
                         at=AT)  # fmt: skip
        vettings.set_hints(db, [(1, "cut", 0.5), (2, "cut", 0.1)], AT)
        vettings.set_hints(db, [(1, "cut", 0.7)], AT)
    with store_transaction(study.store_url) as db:
        assert ground_truths.frame(db)["rating"].dropna().tolist() == [3]
        assert state_of(db, "C1")[1] == {
            "verdict": "keep", "reasons": [], "note": "", "known": 3, "others": ["exclude"],
        }  # fmt: skip
        assert vettings.hints(db)["cut"].to_dict() == {1: 0.7, 2: 0.1}
        assert vettings.excluded(db) == {1}
    assert "1 clip judged, 1 disagreement:" in run("vet-report", "--study", tmp_path)
    assert "1 rating of" not in run("export-ratings", "--study", tmp_path)


def test_a_killed_admission_leaves_whole_batches(tmp_path, setting, monkeypatch):
    folder = tmp_path / "mit/training/barking"
    folder.mkdir(parents=True)
    source = make_odd_clip("short", tmp_path / "short.mp4").read_bytes()
    for i in range(10):
        (folder / f"c_{i}.mp4").write_bytes(source)
    study = new_study(tmp_path, *SETTINGS, *setting)
    monkeypatch.setattr(batches, "BATCH_SIZE", 4)

    def stop(n_done, n_clips):
        if n_done == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        admission.admit(study, at=AT, on_progress=stop)
    counts = admission.admit(study, at=AT)
    assert (counts.n_clips, counts.n_known, counts.n_admitted) == (10, 8, 2)


def test_ratings_of_another_phase_and_simulated_ones_stay(tmp_path, setting):
    study = new_study(tmp_path, *setting)
    with store_transaction(study.store_url) as db:
        candidates.add_many(db, [candidate("barking/c_1.mp4", "barking")], AT)
        add_people(db, study, ["P01", "P02", "P03"], "human")
        add_ratings(db, [(1, f"P0{i}", 3) for i in (1, 2, 3)], simulated=True)
    result = CliRunner().invoke(app, ["export-ratings", "--study", str(tmp_path)])
    assert "3 ratings of simulated people: left out" in str(result.exception)
