"""Markers stand at the moments that the evidence of a session names."""

import time

import numpy as np
import pytest

from annotator.request import Request, StageOptions
from annotator.session import perform
from annotator.task.actor import Actor
from annotator.triggers import KIND, STREAM, open_markers
from sessions.recognition.planning import plan_recognition
from study.errors import ConfigError
from study.store import transaction
from study.store.desk import Desk
from study.vocabulary import Phase
from tests.worlds.rating_studies import table
from tests.worlds.recognition import recognition_study
from tests.worlds.studies import AT

N = 200
JITTER_S = 0.001


@pytest.fixture
def inlet():
    try:
        import pylsl
    except (ImportError, RuntimeError, OSError) as error:
        pytest.skip(f"Lab Streaming Layer is not installed (pip install pylsl): {error}")

    def listen():
        found = pylsl.resolve_byprop("name", STREAM, minimum=1, timeout=20)
        assert [stream.type() for stream in found] == [KIND]
        stream = pylsl.StreamInlet(found[0])
        stream.open_stream(timeout=20)
        return stream

    return listen


def received(stream, n):
    found = []
    while len(found) < n:
        sample, at_s = stream.pull_sample(timeout=20)
        assert sample is not None, f"{len(found)} of {n} markers came"
        found.append((sample[0], at_s))
    return found


def test_a_marker_is_stamped_with_the_moment_at_which_it_happened(inlet):
    with open_markers("lsl") as send:
        stream = inlet()
        told = []
        for i in range(N):
            happened_s = time.monotonic()
            time.sleep(0.0005 * (i % 5))
            send(f"onset {i}", time.monotonic() - happened_s)
            told.append(happened_s)
        found = received(stream, N)
    assert [text for text, _ in found] == [f"onset {i}" for i in range(N)]
    late_s = np.array([at_s for _, at_s in found]) - np.array(told)
    # Between two readings of one clock; a busy machine may put a pause there.
    assert np.median(np.abs(late_s)) < JITTER_S


def test_without_the_library_a_study_that_wants_markers_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pylsl", None)
    with pytest.raises(ConfigError, match=r"avmit-lab\[triggers\]"), open_markers("lsl"):
        pass


def test_markers_of_a_session_are_its_onsets_offsets_and_answers(tmp_path, monkeypatch):
    study, engine = recognition_study(tmp_path)
    with transaction(engine) as db:
        plan_recognition(Desk(db, study, "AB", AT))
    sent = []

    class Outlet:
        def __enter__(self):
            return lambda text, age_s: sent.append((text, age_s))

        def __exit__(self, *_):
            return None

    monkeypatch.setattr("annotator.session.open_markers", lambda how: Outlet())
    request = Request(
        "S01", Phase.RECOGNITION, Actor("sure"), StageOptions(in_window=False), n_trials=3
    )
    perform(request, study_dir=study.folder, store=None)
    answers = table(engine, "answer")
    expected = [
        line
        for stimulus, answer in zip(answers["stimulus_id"], answers["answer"], strict=True)
        for line in (f"onset {stimulus}", f"offset {stimulus}", f"answer {stimulus} {answer}")
    ]
    assert [text for text, _ in sent] == expected
    assert all(age_s == 0 for _, age_s in sent)  # the simulated clock stands while one acts
    engine.dispose()
