"""Which files one rating and one clip pass: trace the real code, and list whose functions ran.

Run: python -m benchmarks.one_path

A file is on the path if one of its functions is called between two moments; what importing a
module runs is not counted, and neither are files outside the packages.

- A rating: from the event of the key, as the stage hands it out, to the new bonus on the stage;
  then from an open store to `video_ratings.csv` on the disc (`export_ratings`).
- A clip: its admission (`admit`: probed, audited, named, in the store), its extraction with
  untrained networks (`features extract`, one process) and one epoch of `models train` on a small
  world of records. What reads the command line and shows progress is not counted.
"""

import os
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("annotator", "curation", "features", "instructions", "models", "sessions", "study")


class Trace:
    """The project's files in which a function was called while it was on."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.is_on = False
        self._n_importing = 0
        self.starts_after: Callable[[FrameType, object], bool] = lambda _frame, _value: False
        self.stops_after: Callable[[FrameType, object], bool] = lambda _frame, _value: False

    def __call__(self, frame: FrameType, event: str, value: Any) -> None:  # noqa: ANN401
        """Take note of what the interpreter does; for `sys.setprofile`."""
        if event == "call":
            if frame.f_code.co_name == "<module>":
                self._n_importing += 1
            elif self.is_on and not self._n_importing:
                self._add(frame.f_code.co_filename)
        elif event == "return":
            if frame.f_code.co_name == "<module>":
                self._n_importing = max(0, self._n_importing - 1)
            elif self.starts_after(frame, value):
                self.is_on = True
            elif self.stops_after(frame, value):
                self.is_on = False

    def _add(self, filename: str) -> None:
        path = Path(filename)
        if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in PACKAGES:
            self.files.add(str(path.relative_to(ROOT)))


@contextmanager
def traced(trace: Trace) -> Iterator[None]:
    """Trace this thread, and those that start in the block."""
    threading.setprofile(trace)
    sys.setprofile(trace)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]


def rating_path(folder: Path) -> set[str]:
    """Rate one clip on the simulated stage and export it; return the files on its way."""
    from annotator.request import Request, StageOptions
    from annotator.session import perform
    from annotator.task.actor import Actor
    from annotator.task.trial import KeyPressed
    from curation.release.export import export_ratings
    from study.store import snapshot, transaction
    from tests.worlds.rating_studies import PERSON, ROBOT, ratable_study
    from tests.worlds.studies import AT, enrol, give_names, rate

    study, engine = ratable_study(folder, kinds=("missing",), n_ground_truths=1)
    trace = Trace()
    trace.starts_after = lambda frame, value: (
        frame.f_code.co_name == "poll"
        and isinstance(value, list)
        and any(isinstance(event, KeyPressed) and event.key in "123" for event in value)
    )
    trace.stops_after = lambda frame, _: frame.f_code.co_name == "show_bonus"
    request = Request(ROBOT, actor=Actor("perfect"), options=StageOptions(in_window=False))
    with traced(trace):
        perform(request, study_dir=study.folder, store=None)
    with transaction(engine) as db:
        enrol(db, "P04")
        give_names(db, [("training", "barking/0-missing.mp4", "barking")], AT)
        for person in (PERSON, "P04"):
            rate(db, person, {1: 1})
    trace.is_on = True
    trace.stops_after = trace.starts_after = lambda _frame, _value: False
    with snapshot(engine) as db, traced(trace):
        export_ratings(db, study, folder / "tables", at=datetime.now(UTC), overwrite=False)
    engine.dispose()
    return trace.files


def clip_path(folder: Path) -> set[str]:
    """Admit one clip, extract it, and train one epoch; return the files on its way."""
    import features.__main__ as features_front
    import models.__main__ as models_front
    from curation.clips.admission import admit
    from study.init import init_study
    from study.rehearsal.odd import make_odd_clip
    from tests.worlds.model_worlds import make_world

    root = folder / "mit"
    clip = root / "training" / "barking" / "one_1.mp4"
    clip.parent.mkdir(parents=True)
    make_odd_clip("plain", clip)
    at = datetime.now(UTC)
    settings = ["rehearsal=true", f'mit_root="{root}"']
    study = init_study(folder / "study", settings, at)
    extract = ("extract", "--ratings", clip.parent.parent, "--set", "yamnet_effnet",
               "--out", folder / "records", "--untrained", 1, "--processes", 1)  # fmt: skip
    world = make_world(folder / "world")
    train = world.train_flags(folder / "model", set="vggish_vgg16", rnn="gru", epochs=1)
    trace = Trace()
    trace.is_on = True
    with traced(trace):
        admit(study, at=at, n_processes=1)
        features_front.app([str(word) for word in extract], standalone_mode=False)
        models_front.app([str(word) for word in train[0:]], standalone_mode=False)
    return {name for name in trace.files if not _is_command_line(name)}


def _is_command_line(name: str) -> bool:
    """Separate what reads a command and shows progress from what works on the clip."""
    return (
        "/commands/" in name
        or name.endswith("__main__.py")
        or name in {f"study/tools/{tool}.py" for tool in ("cli", "commands", "progress_bars")}
    )


def report(title: str, files: set[str]) -> None:
    """Print a path."""
    owners = Counter(name.partition("/")[0] for name in files)
    shares = ", ".join(f"{owner} {n}" for owner, n in sorted(owners.items()))
    print(f"{title}: {len(files)} files ({shares})")
    for name in sorted(files):
        print(f"    {name}")


def main() -> None:
    """Print the files of both paths."""
    with tempfile.TemporaryDirectory() as folder:
        report("a rating, from key press to video_ratings.csv", rating_path(Path(folder)))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AVMIT_CACHE"] = folder  # graphs that were made before would hide who makes them
        report("a clip, from mp4 to weights", clip_path(Path(folder)))


if __name__ == "__main__":
    main()
