"""A page of the documentation, typed from its first block to its last in an empty folder."""

import importlib
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from typer.testing import CliRunner

from handbook.blocks import Block, blocks_of
from study.rehearsal.describing import describe
from study.rehearsal.scene_table import SCENES_NAME, read_rows, row_of, write_scenes
from tests.worlds.first_study import served

# They serve a page until somebody stops them.
_SERVING = {("sessions", "desk"), ("sessions", "dashboard"), ("curation", "vet")}


class Typist:
    """Somebody who types what a page shows, in one shell and one Python."""

    def __init__(self, folder: Path, monkeypatch) -> None:
        self.monkeypatch = monkeypatch
        self.names: dict[str, object] = {}
        self.said: dict[str, str] = {}
        monkeypatch.delenv("AVMIT_STUDY", raising=False)
        monkeypatch.chdir(folder)

    def type_page(self, page: Path) -> None:
        """Type every block that is not marked, but no sample of a file or of what is said."""
        for block in blocks_of(page, page.name):
            if not block.reason:
                self.type_block(block)

    def type_block(self, block: Block) -> None:
        if block.language == "python":
            program = compile(block.text, f"{block.page}, line {block.line}", "exec")
            exec(program, self.names)
        for line in block.commands:
            self.type_line(line, block.documents)

    def type_line(self, line: str, documents: Mapping[str, str]) -> None:
        match shlex.split(line):
            case [".", _]:
                pass
            case ["mkdir", name]:
                Path(name).mkdir()
            case ["cd", name]:
                self.monkeypatch.chdir(name)
            case ["export", setting]:
                self.monkeypatch.setenv(*setting.split("="))
            case ["cat", ">", name]:
                Path(name).write_text(documents[name], encoding="utf-8")
            case ["cp", source, target]:
                shutil.copy(source, target)
            case ["python", "-m", package, *words]:
                self.said[line] = said(package, words)
            case _:
                raise AssertionError(f"nobody has said how to type {line!r}")


_MADE: dict[str, tuple[int, Path]] = {}  # of some classes, the largest tree that was made


def with_option(words: list[str], name: str, value: str) -> list[str]:
    """Return the words of a command with this value of an option, whatever they say of it."""
    if name in words:
        place = words.index(name)
        words = [*words[:place], *words[place + 2 :]]
    return [*words, name, value]


def said(package: str, words: list[str]) -> str:
    """Return what a command says, which has to end well."""
    if (package, words[0] if words else "") in _SERVING:
        return served(package, words, Path.cwd(), Path.cwd())
    if "--simulate" in words:
        words = [*words, "--speed", "max"]  # clips that nobody sees need not end
    if (package, *words[:1]) == ("models", "train"):
        words = with_option(words, "--epochs", "2")
    if (package, *words[:1]) == ("study", "make-clips"):
        return made(Path(words[1]), words[words.index("--classes") + 1], words)
    return done(package, words)


def made(root: Path, classes: str, words: list[str]) -> str:
    """Make clips after taking over those that were made before: the same number, the same clip."""
    n = int(words[words.index("--clips-per-class") + 1])
    n_before, before = _MADE.get(classes, (0, root))
    if n_before:
        begin_with(root, before, n)
    told = done("study", words)
    if n > n_before:
        _MADE[classes] = n, root.absolute()
    return told


def begin_with(root: Path, before: Path, n: int) -> None:
    """Copy the first clips of each class, and what is known of them."""
    rows = list(read_rows(before / SCENES_NAME))
    labels = {row.avmit_label for row in rows}
    first = {row_of(describe(rows[0].seed, label, i)).clip for label in labels for i in range(n)}
    for row in rows:
        if row.clip in first:
            place = root / row.video_location / row.filename
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(before / row.video_location / row.filename, place)
    write_scenes((row for row in rows if row.clip in first), root / SCENES_NAME)


def done(package: str, words: list[str]) -> str:
    """Return what a command says that this process runs, which has to end well."""
    app = importlib.import_module(f"{package}.__main__").app
    run = CliRunner().invoke(app, words)
    assert run.exit_code == 0, (package, words, run.output, run.exception)
    return run.output
