"""Write the reference pages of the documentation from the code.

Run: python -m handbook.write [--check]

The pages stand in `docs/reference` and are committed, so that they can be read without building
the site; a test holds them to the code.
"""

import sys
from pathlib import Path

from handbook.blocks import not_run_page
from handbook.columns import columns_page
from handbook.commands import FRONTS, commands_page
from handbook.decisions import decisions_page
from handbook.keys import keys_page
from handbook.message_pages import messages_page, packages_with_messages

REFERENCE = Path(__file__).resolve().parents[1] / "docs" / "reference"


def pages() -> dict[str, str]:
    """Return the text of every generated page by its path in the reference."""
    return {
        "study_toml.md": keys_page(),
        "columns.md": columns_page(),
        "decisions.md": decisions_page(),
        "not_run.md": not_run_page(),
        **{f"commands/{front}.md": commands_page(front) for front in FRONTS},
        **{f"messages/{package}.md": messages_page(package)
           for package in packages_with_messages()},
    }  # fmt: skip


def stale(folder: Path = REFERENCE) -> list[str]:
    """Return the pages that are not what the code says."""
    found = []
    for name, text in pages().items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            found.append(name)
    return found


def main() -> None:
    """Write the pages, or say which are stale."""
    if sys.argv[1:] == ["--check"]:
        names = stale()
        if names:
            sys.exit(f"not what the code says: {', '.join(names)}. Run: python -m handbook.write")
        return
    for name, text in pages().items():
        path = REFERENCE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    print(f"{len(pages())} pages: {REFERENCE}")


if __name__ == "__main__":
    main()
