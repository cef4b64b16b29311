"""The page of a first study: its command lines, and a small world in which they run."""

import importlib
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pandas as pd
from typer.testing import CliRunner

from sessions.running.next_step import Step, next_step
from study.config.study import find_study
from study.rehearsal.odd import make_odd_clip
from study.store import open_store, transaction
from study.store.plan import assignments, exercises, ground_truths
from study.vocabulary import Phase, Rating
from tests.paths import ROOT
from tests.worlds.machine import PATIENCE_S
from tests.worlds.studies import AT, rate

GUIDES = ROOT / "docs" / "guides"
PAGE = GUIDES / "first_study.md"
POSTGRES = GUIDES / "postgresql.md"
LABELS = ("barking", "diving", "frying")
SETTINGS = {
    "protocol.n_ground_truths": "2",
    "protocol.class_min_prominent": "2",
    "protocol.test_size_per_class": "1",
}


def command_lines(page: Path) -> list[str]:
    """Return the command lines of a page in their order."""
    blocks = re.findall(r"^```bash\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
    return [line for block in blocks for line in block.splitlines()]


def own_words() -> str:
    """Return the words of the laboratory's own that the page writes into study.toml."""
    text = PAGE.read_text(encoding="utf-8")
    return text.partition("```toml\n[placeholders]\n")[2].partition("```")[0]


def make_tree(folder: Path, n_per_class: int = 8) -> Path:
    """Make a tree as Moments in Time has it, every file of it another one; return its root."""
    source = make_odd_clip("short", folder / "short.mp4").read_bytes()
    rows = ["avmit_label,mit_label,origin"]
    for label in LABELS:
        rows.append(f"{label},{label},own")
        for number in range(n_per_class):
            path = folder / "mit" / "training" / label / f"yt-{label}{number}_{number}.mp4"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(source + bytes([number]))
    (folder / "classes.csv").write_text("\n".join(rows) + "\n")
    return folder / "mit"


def words_of(line: str, places: dict[str, str]) -> list[str]:
    """Return the words of a command line, its places taken to where the test has them."""
    for place, here in places.items():
        line = line.replace(place, here)
    return shlex.split(line)


def fill_in(path: Path) -> None:
    """Do what the expert does with the list of exercise clips."""
    table = pd.read_csv(path, keep_default_na=False)
    table["rating"], table["reasoning"] = "3", "It is seen and heard."
    table.to_csv(path, index=False)


def sit(folder: Path, who: str, store: str | None = None) -> Step:
    """Let somebody do what is next for them, as the annotator's window would write it."""
    study = find_study(folder, store)
    engine = open_store(study.store_url)
    with transaction(engine) as db:
        found = next_step(db, study, who)
        assert found.step is not None, found.why
        phase = found.step.phase
        assert phase is not None
        clips = _clips(db, who, phase, found.attempt)
        known = ground_truths.frame(db).dropna(subset=["rating"])["candidate_id"]
        earns = study.config.protocol.bonus_pence if phase is Phase.ANNOTATION else 0
        rate(
            db, who, dict.fromkeys(clips, 3), phase=phase, attempt=found.attempt, minutes=10,
            bonus_pence=dict.fromkeys(known.tolist(), earns),
        )  # fmt: skip
        if phase is Phase.GROUND_TRUTH:
            for clip in clips:
                ground_truths.add_version(
                    db, candidate_id=clip, rating=Rating(3), given_by=who, at=AT
                )
    engine.dispose()
    return found.step


def _clips(db, who, phase, attempt):
    match phase:
        case Phase.ANNOTATION:
            return [clip.candidate_id for clip in assignments.remaining(db, who)]
        case Phase.GROUND_TRUTH:
            return [clip.candidate_id for clip in assignments.expert_remaining(db)]
    number = attempt if phase is Phase.SCREENING else 1
    return exercises.frame(db, phase, number)["candidate_id"].tolist()


# They open a window; tests/integration/annotator runs them on a virtual screen.
IN_A_WINDOW = (("annotator", "check-rig"), ("annotator", "preview"))


class Lab:
    """A folder in which the page's lines are typed, as a person types them."""

    def __init__(self, folder: Path) -> None:
        self.study = folder / "home" / "study"
        self.elsewhere = folder / "elsewhere"
        self.elsewhere.mkdir()
        self.tree = make_tree(folder)
        self.places = {
            "~/study": str(self.study),
            "/data/moments_in_time": str(self.tree),
            "/media/stick": str(folder / "stick"),
        }
        self.environment = {"AVMIT_STUDY": str(self.study), "HOME": str(folder / "home")}
        self.said: dict[str, str] = {}

    def run(self, line: str) -> None:
        python, dash_m, package, *words = words_of(line, self.places)
        assert (python, dash_m) == ("python", "-m"), line
        match package, words:
            case "study", ["init", *_]:
                words = [*words, "--classes", str(self.tree.parent / "classes.csv")]
                for key, value in SETTINGS.items():
                    words += ["--set", f"{key}={value}"]
            case "annotator", ["--participant", who]:
                self.said[line] = f"{self.said.get(line, '')} {sit(self.study, who)}"
                return
            case _ if (package, words[0]) in IN_A_WINDOW:
                return
            case "sessions", ["desk", *_]:
                self.said[line] = served(package, words, self.study, self.elsewhere)
                return
            case "sessions", ["set-exercise", path, *_] if path.endswith(".csv"):
                fill_in(Path(path))
            case "sessions", ["merge", path, *_]:
                sit(self.study, "P03", f"sqlite:///{path}")
                sit(self.study, "P03", f"sqlite:///{path}")
                sit(self.study, "P03", f"sqlite:///{path}")
        app = importlib.import_module(f"{package}.__main__").app
        done = CliRunner().invoke(app, words, env=self.environment)
        assert done.exit_code == 0, (line, done.output, done.exception)
        self.said[line] = done.output
        if (package, words[0]) == ("study", "init"):
            path = self.study / "study.toml"
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace("[placeholders]\n", f"[placeholders]\n{own_words()}"))


def served(package: str, words: list[str], study: Path, cwd: Path) -> str:
    """Start a local page, such as the desk, look at it, and stop it with Ctrl-C."""
    environment = {**os.environ, "AVMIT_STUDY": str(study), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", package, *words, "--no-browser"],
        cwd=cwd, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        line = process.stdout.readline()
        address = re.search(r"http://\S+", line)[0]
        with httpx.Client(follow_redirects=True, timeout=PATIENCE_S) as client:
            page = client.get(address).text
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_S)
    return page
