"""What the page of a demo has on top: screenshots, what ran, links to the files."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from lab.entries import JOURNAL_NAME, DemoEntry, read_entries
from lab.state import DATASET, EMBEDDINGS, MODELS, RELEASE
from lab.steps import SCREENSHOTS, TITLES, next_steps
from study.reports.html import image_to_data_uri

SCREENS = {
    "welcome": "The welcome",
    "task": "The task: label, clip and bonus",
    "prompt": "After the clip",
    "warning": "The warning after a key that came too early",
}


@dataclass(frozen=True, slots=True)
class Screenshot:
    """A picture of the task."""

    caption: str
    data_uri: str
    href: str


@dataclass(frozen=True, slots=True)
class FileLink:
    """A file that the page points to."""

    name: str
    href: str
    size: str


@dataclass(frozen=True, slots=True)
class DemoPart:
    """What is shown of a demo.

    Parameters
    ----------
    missing_screens : list of str
        Screens that nobody saw in the window this time.
    links : list of tuple
        Files by heading.
    next_steps : tuple of str
        Commands that can be typed.
    """

    screens: list[Screenshot]
    missing_screens: list[str]
    entries: list[DemoEntry]
    titles: tuple[str, ...]
    links: list[tuple[str, list[FileLink]]]
    next_steps: tuple[str, ...]


def demo_part(folder: Path) -> DemoPart | None:
    """Return what a demo has left in its folder; None where no demo made it."""
    if not (folder / JOURNAL_NAME).is_file():
        return None
    screens = _screens(folder)
    return DemoPart(
        list(screens.values()),
        [name for name in ("task", "warning") if name not in screens],
        _entries(folder),
        TITLES,
        _links(folder),
        tuple(next_steps(folder)),
    )


def _screens(folder: Path) -> dict[str, Screenshot]:
    found: dict[str, Screenshot] = {}
    for name, caption in SCREENS.items():
        shots = sorted((folder / SCREENSHOTS).glob(f"*/{name}.png"))
        if shots:
            href = quote(shots[0].relative_to(folder).as_posix())
            found[name] = Screenshot(caption, image_to_data_uri(shots[0]), href)
    return found


def _entries(folder: Path) -> list[DemoEntry]:
    # A command that ran twice stands where it ran last.
    latest: dict[str, DemoEntry] = {}
    for entry in read_entries(folder):
        latest.pop(entry.command, None)
        latest[entry.command] = entry
    return sorted(latest.values(), key=lambda entry: entry.part)


def _links(folder: Path) -> list[tuple[str, list[FileLink]]]:
    groups: dict[str, Iterable[Path]] = {
        "Study": [folder / "study.toml", folder / "store.sqlite", folder / JOURNAL_NAME],
        "Clips": [folder / "mit/scenes.csv", folder / "mit/classes.csv"],
        "Tables": sorted((folder / RELEASE).glob("*")),
        "Release": sorted((folder / DATASET).glob("*")),
        "Embeddings": sorted((folder / EMBEDDINGS).glob("*/manifest.parquet")),
        "Networks": sorted(p for p in (folder / MODELS).glob("**/*") if p.is_file()),
        "Screenshots": sorted((folder / SCREENSHOTS).glob("*/*.png")),
    }
    links = {
        name: [_link(folder, path) for path in paths if path.is_file()]
        for name, paths in groups.items()
    }
    return [(name, files) for name, files in links.items() if files]


def _link(folder: Path, path: Path) -> FileLink:
    name = path.relative_to(folder).as_posix()
    return FileLink(name, quote(name), f"{max(1, round(path.stat().st_size / 1024))} kB")
