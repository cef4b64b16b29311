"""A desktop entry that starts the task, as freedesktop.org describes it."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from study.config.study import Study
from study.errors import StudyError
from study.tools.files import written_atomically

_ICON = Path(__file__).with_name("icon.svg")
_NAME = "avmit-lab"
_RESERVED = '"`$\\'  # what a quoted argument of Exec escapes


def install(study: Study, *, kiosk: bool) -> list[Path]:
    """Write the entry for the menu and the desktop, and for a kiosk the one that login starts.

    Returns the files. Raises StudyError on a system without such entries.
    """
    if not sys.platform.startswith("linux"):
        raise StudyError(
            f"desktop entries are for Linux, and this is {sys.platform}. Make a shortcut to: "
            f"python -m annotator --study {study.folder.resolve()}"
        )
    data, settings = _folder("XDG_DATA_HOME", ".local/share"), _folder("XDG_CONFIG_HOME", ".config")
    icon = data / "icons" / "hicolor" / "scalable" / "apps" / f"{_NAME}.svg"
    _write(icon, _ICON.read_text(encoding="utf-8"))
    # Several studies have an entry each; another one for the same study replaces it.
    digest = hashlib.sha256(str(study.folder.resolve()).encode()).hexdigest()[:8]
    name = f"{_NAME}-{digest}.desktop"
    text = entry(study, icon, [])
    places = {data / "applications" / name: text}
    desktop = _desktop()
    if desktop is not None:
        places[desktop / name] = text
    if kiosk:
        places[settings / "autostart" / name] = entry(study, icon, ["--kiosk"])
    for path, content in places.items():
        _write(path, content, executable=True)
    if desktop is not None:
        _trust(desktop / name)
    return [*places, icon]


def entry(study: Study, icon: Path, more: Sequence[str]) -> str:
    """Return a desktop entry that starts the task of a study.

    `more`: further arguments of the task.
    """
    folder = study.folder.resolve()
    command = [sys.executable, "-m", "annotator", "--study", str(folder), "--launched", *more]
    title = " ".join(study.config.title.split())
    lines = {
        "Type": "Application",
        "Name": _string(f"Rate clips: {title}"),
        "Comment": _string("Opens the rating task and asks who is there"),
        "Exec": _string(" ".join(_argument(part) for part in command)),
        "Path": _string(str(folder)),
        "Icon": _string(str(icon)),
        "Terminal": "false",
        "Categories": "Science;",
    }
    return "[Desktop Entry]\n" + "".join(f"{key}={value}\n" for key, value in lines.items())


def _argument(text: str) -> str:
    """Return an argument as Exec quotes it; a percent sign would begin a field code."""
    escaped = "".join(f"\\{char}" if char in _RESERVED else char for char in text)
    return f'"{escaped}"'.replace("%", "%%")


def _string(text: str) -> str:
    """Return a value as a key file writes it."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


def _folder(variable: str, usual: str) -> Path:
    given = os.environ.get(variable, "")
    return Path(given) if given.startswith("/") else Path.home() / usual


def _desktop() -> Path | None:
    """Return the folder of the desktop; None where there is none."""
    if shutil.which("xdg-user-dir") is not None:
        said = subprocess.run(
            ["xdg-user-dir", "DESKTOP"], capture_output=True, text=True, check=False
        ).stdout.strip()
        found = Path(said)
        if said and found.is_dir() and found != Path.home():
            return found
    usual = Path.home() / "Desktop"
    return usual if usual.is_dir() else None


def _write(path: Path, text: str, *, executable: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_atomically(path) as part:
        part.write_text(text, encoding="utf-8")
    if executable:
        path.chmod(0o755)


def _trust(path: Path) -> None:
    """Let GNOME start an entry on the desktop without asking; others do not ask."""
    if shutil.which("gio") is not None:
        command = ["gio", "set", str(path), "metadata::trusted", "true"]
        subprocess.run(command, capture_output=True, check=False)
