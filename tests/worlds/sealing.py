"""Change a release and seal it again, as somebody would who wants a fault to go unseen."""

import csv
import hashlib
import io
import json
import shutil
from pathlib import Path

_PLACES = ("path", "contentUrl", "@id")
_CHECKSUMS, _CRATE = "CHECKSUMS.sha256", "ro-crate-metadata.json"


def rewrite(path: Path, change) -> None:
    """Change the content of a JSON file in place."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def edit_table(name: str, change):
    """Return a plant that changes rows (lists of cells) of a table and its copies."""

    def plant(folder):
        rows = list(csv.reader(io.StringIO((folder / name).read_text())))
        before = (folder / name).read_bytes()
        change(rows)
        with (folder / name).open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
        for copy in folder.glob("psych-ds/data/*.csv"):
            if copy.read_bytes() == before:
                shutil.copyfile(folder / name, copy)

    return plant


def cell(name: str, column: str, value: str, row: int = 1):
    """Return a plant that writes one cell of a table and its copies."""

    def change(rows):
        rows[row][rows[0].index(column)] = value

    return edit_table(name, change)


def seal(folder: Path) -> None:
    """Write digests and sizes of all files wherever the release has them."""
    # Each has the digests of those before it.
    for name in ("datapackage.json", "croissant.json", "release.json", _CRATE):
        if (folder / name).is_file():
            rewrite(folder / name, lambda said: _seal_in(folder, said))
    names = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and path.name != _CHECKSUMS
    )
    lines = [f"{_digest(folder / name)}  {name}\n" for name in names]
    (folder / _CHECKSUMS).write_text("".join(lines))


def _seal_in(folder: Path, said) -> None:
    for one in said.values() if isinstance(said, dict) else said:
        if isinstance(one, dict | list):
            _seal_in(folder, one)
    place = (
        next((said[key] for key in _PLACES if key in said), "") if isinstance(said, dict) else ""
    )
    if isinstance(place, str) and place and (folder / place).is_file():
        size, digest = (folder / place).stat().st_size, _digest(folder / place)
        new = {"sha256": digest, "hash": f"sha256:{digest}", "bytes": size, "n_bytes": size}
        said |= {key: value for key, value in new.items() if key in said}
        if "contentSize" in said:
            said["contentSize"] = f"{size} B" if "B" in said["contentSize"] else str(size)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
