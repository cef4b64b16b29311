"""The page of the decisions: a line for each."""

from pathlib import Path

from handbook.markdown import page

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "adr"


def decisions_page() -> str:
    """Return the list of all decisions by their number."""
    lines = []
    for path in sorted(FOLDER.glob("*.md")):
        title = path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
        lines.append(f"- [{title}](../adr/{path.name})")
    return page(
        "Decisions", "Why things are as they are, where it cuts across files.", "\n".join(lines)
    )
