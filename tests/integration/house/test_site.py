"""The documentation as a site: built strictly, from nothing but this repository, and searched."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.paths import ROOT
from tests.worlds.machine import PATIENCE_S

CHROMIUM = shutil.which("chromium")
# What a browser fetches by itself; links that a reader follows may lead anywhere.
FETCHED = re.compile(
    r"<(?:script|link|img|iframe|source|video|audio|object)\b[^>]*?\b(?:src|href|data)\s*=\s*"
    r"[\"']?((?:https?:)?//[^\"'\s>]*)"
)


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    """Build the site of the pages in a folder, as `make docs` does."""
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    config = folder / "mkdocs.yml"
    config.write_text(text.replace("paths: [.]", f"paths: [{ROOT}]"), encoding="utf-8")
    zensical = Path(sys.executable).with_name("zensical")
    return subprocess.run(
        [zensical, "build", "--strict", "--config-file", config],
        cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip


def with_pages(folder: Path) -> Path:
    """Return a folder with a copy of the pages."""
    shutil.copytree(ROOT / "docs", folder / "docs")
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = with_pages(tmp_path_factory.mktemp("site"))
    built = build(folder)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder / "build" / "site"


def test_every_page_is_built_and_the_api_is_in_it(site):
    pages = {path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")}
    assert {path.with_suffix(".html") for path in pages} <= {
        path.relative_to(site) for path in site.rglob("*.html")
    }
    api = (site / "reference" / "api.html").read_text(encoding="utf-8")
    for name in ("curation.tally_ratings", "features.embed", "models.train"):
        assert f'id="{name}"' in api


def test_no_page_fetches_anything_from_elsewhere(site):
    found = {
        fetched
        for page in site.rglob("*.html")
        for fetched in FETCHED.findall(page.read_text(encoding="utf-8"))
    }
    assert found == set()
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert not re.search(r"@import|url\(\s*[\"']?(?:https?:)?//", text), sheet


def test_what_is_fetched_is_found():
    assert FETCHED.findall('<script async src="https://a.org/b.js"></script>')
    assert FETCHED.findall("<link rel=preload href=//fonts.org/x>")
    assert not FETCHED.findall('<a href="https://a.org">a</a> <img src="../x.png">')


def test_a_broken_link_stops_the_build(tmp_path):
    page = with_pages(tmp_path) / "docs" / "index.md"
    page.write_text("# Here\n\n[nowhere](guides/nowhere.md)\n", encoding="utf-8")
    built = build(tmp_path)
    assert built.returncode != 0
    assert "page does not exist" in built.stdout + built.stderr


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
@pytest.mark.parametrize("width", [1280, 390])
def test_a_message_is_found_from_a_disk_without_a_network(site, width):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
        page, asked = context.new_page(), []
        page.on("request", lambda request: asked.append(request.url))
        page.goto((site / "guides" / "study.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.keyboard.press("Control+k")
        box = page.get_by_placeholder("Search").filter(visible=True).first
        box.fill("clips of participant are on a laptop", timeout=PATIENCE_S * 1000)
        hit = page.locator("a[href*='messages/sessions.html']").filter(visible=True).first
        hit.wait_for(timeout=PATIENCE_S * 1000)
        hit.click()
        page.wait_for_url(re.compile("messages/sessions.html"))
        browser.close()
    assert {url.partition(":")[0] for url in asked} <= {"file", "data", "blob"}
