import numpy as np

from lab.virtual_station import virtual_station
from tests.worlds.crashes import CRASH_SETTINGS, kill_at_random
from tests.worlds.rating_studies import ROBOT, annotate, ratable_study

N_KILLS = 5
N_CLIPS = 400


def test_no_acknowledged_rating_is_lost_when_the_annotator_is_killed(tmp_path):
    study, engine = ratable_study(tmp_path, kinds=("short",) * N_CLIPS, settings=CRASH_SETTINGS)
    engine.dispose()
    rng = np.random.default_rng(1)
    with virtual_station() as station:
        crashes = [kill_at_random(study, station, rng, longest_s=1.0) for _ in range(N_KILLS)]
    assert [crash.problems() for crash in crashes] == [[]] * N_KILLS
    assert [c.n_kept for c in crashes] == sorted(c.n_kept for c in crashes)
    assert all(crash.n_kept > crash.n_before for crash in crashes)
    # The session that was killed last is taken over, and the rest can be rated.
    arguments = ("--participant", ROBOT, "--simulate", "perfect", "--stage", "simulated")
    assert f"{N_CLIPS} of {N_CLIPS} clips" in annotate(study, *arguments).stdout
