"""The head of `README.md` by which the Hugging Face hub and `datasets` read the tables."""

import json

from lab.release.facts import Facts

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"),
          (1_000_000, "100K<n<1M"))  # fmt: skip
_DEFAULTS = ("video_ratings.csv", "trials.csv")  # the first one that is there


def head(facts: Facts) -> str:
    """Return the head: YAML between two lines of hyphens."""
    n_rows = max(table.n_rows for table in facts.tables)
    size = next((name for most, name in _SIZES if n_rows < most), "1M<n<10M")
    licence = facts.licence.lower().replace("cc0-1.0", "cc0-1.0")
    lines = [
        "---",
        f"pretty_name: {json.dumps(facts.title, ensure_ascii=False)}",
        f"license: {licence}",
        "language:",
        "  - en",
        "size_categories:",
        f"  - {size}",
        "tags:",
        *(f"  - {json.dumps(word, ensure_ascii=False)}" for word in facts.keywords),
        "configs:",
    ]
    paths = [table.path for table in facts.tables]
    default = next(path for path in _DEFAULTS if path in paths)
    # `datasets` cannot load a table without rows.
    for table in (one for one in facts.tables if one.n_rows):
        lines += [f"  - config_name: {table.name}", f"    data_files: {table.path}"]
        lines += ["    default: true"] if table.path == default else []
    return "\n".join([*lines, "---", "", ""])
