"""The blocks of commands and of Python in the documentation, and which of them no test runs."""

import re
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from handbook.markdown import code, page, plain, table

ROOT = Path(__file__).resolve().parents[1]
_FENCE = re.compile(
    r"(?:^[ ]*<!-- not run: (?P<reason>[^\n]+?) -->\n\s*?)?"
    r"^(?P<indent>[ ]*)```(?P<language>\w*)\n(?P<text>.*?)^[ ]*```[ ]*$",
    re.M | re.S,
)
_DOCUMENT = re.compile(
    r"^(?P<start>cat > (?P<name>\S+)) <<(?P<end>\w+)\n(?P<content>.*?)^(?P=end)$", re.M | re.S
)
_LOOP = re.compile(r"^for (?P<name>\w+) in (?P<values>[^;]+); do (?P<line>[^;]+); done$", re.M)
_SYNTAX = ("bash", "python")
_INTRODUCTION = """\
Every command and every Python block of these pages is run by a test, or checked and run in another way:

- the pages of *Start*, [a first study](../guides/first_study.md) and [people against networks](../guides/people_and_networks.md) are typed line by line, from an empty folder to the end (simulated people do not wait for clips to end, and a training has two epochs);
- a command on another page, in a sentence or in a help text is read by the program's own parser (it exists, so do its options, and its arguments have the right shape), and one in a block is a command that a test calls;
- Python is run, block by block.

A block that needs what a test does not have bears the reason in a comment above it (`<!-- not run: needs ... -->`)."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page.

    Parameters
    ----------
    page : str
        Its path, seen from the repository.
    line : int
        Where it begins.
    language : str
        Empty where it has none.
    reason : str
        Why no test runs it; empty for a block that is run.
    """

    page: str
    line: int
    language: str
    text: str
    reason: str

    @property
    def commands(self) -> list[str]:
        """The command lines of a block of commands, without comments."""
        if self.language != "bash":
            return []
        text = _DOCUMENT.sub(r"\g<start>", self.text.replace("\\\n", " "))
        text = _LOOP.sub(_unrolled, text)
        lines = (shlex.split(line, comments=True) for line in text.splitlines())
        return [shlex.join(words) for words in lines if words]

    @property
    def documents(self) -> dict[str, str]:
        """What a block of commands writes into files as it stands, by their names."""
        return {found["name"]: found["content"] for found in _DOCUMENT.finditer(self.text)}


def pages() -> list[Path]:
    """Return every page that people read, the generated reference left out."""
    docs = [path for path in sorted((ROOT / "docs").rglob("*.md")) if "reference" not in path.parts]
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *docs]


def blocks_of(path: Path, name: str | None = None) -> Iterator[Block]:
    """Yield the blocks of a page in their order.

    `name`: what the page is called; its path seen from the repository by default.
    """
    text = path.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        yield Block(
            page=name or str(path.relative_to(ROOT)),
            line=text.count("\n", 0, found.start("language")) + 1,
            language=found["language"],
            text=textwrap.dedent(found["text"]),
            reason=found["reason"] or "",
        )


def blocks() -> list[Block]:
    """Return the blocks of all pages."""
    return [block for path in pages() for block in blocks_of(path)]


def not_run_page() -> str:
    """Return the page of the blocks that no test runs."""
    rows = [
        (f"[{block.page}]({_link(block.page)})", code(_first(block)), plain(block.reason))
        for block in blocks()
        if block.reason and block.language in _SYNTAX
    ]
    return page("What is not run", _INTRODUCTION, table(["page", "begins with", "reason"], rows))


def _unrolled(loop: re.Match[str]) -> str:
    return "\n".join(
        loop["line"].replace(f"${loop['name']}", value) for value in loop["values"].split()
    )


def _first(block: Block) -> str:
    return block.text.strip().partition("\n")[0]


def _link(name: str) -> str:
    inside = name.removeprefix("docs/")
    return f"../{inside}" if inside != name else "../index.md"
