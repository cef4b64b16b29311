"""The documentation names every key and every command."""

import re
from pathlib import Path

import pytest

from study.config import StudyConfig
from study.protocol import Protocol
from study.screen import Screen

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md"]


@pytest.mark.parametrize("model", [StudyConfig, Protocol, Screen])
def test_every_key_of_study_toml_is_documented(model):
    text = (ROOT / "docs" / "study.md").read_text(encoding="utf-8")
    missing = [key for key in model.model_fields if not re.search(rf"[`[]{key}[`\]]", text)]
    assert missing == []


def commands():
    for main in sorted(ROOT.glob("*/__main__.py")):
        source = main.read_text(encoding="utf-8")
        for match in re.finditer(r'@app\.command\((?:"([\w-]+)")?[^\n]*\)\ndef (\w+)', source):
            yield main.parent.name, match[1] or match[2].rstrip("_").replace("_", "-")


def test_commands_are_found():
    assert ("study", "freeze") in set(commands())


@pytest.mark.parametrize(("package", "command"), sorted(set(commands())))
def test_every_command_is_documented(package, command):
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert re.search(rf"(python -m {package}|`)\s*{command}\b", text), f"{package} {command}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    broken = [
        target
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []
