import re

from tests.paths import ROOT

KINDS = {".py", ".html"}


def test_no_other_place_writes_a_day_or_an_hour():
    # File names and cards say that theirs is UTC.
    in_utc = {"annotator/log.py", "models/saving/card.py", "sessions/maintenance/backups.py"}
    in_utc.add("study/tools/local_time.py")
    packages = ("annotator", "curation", "lab", "models", "sessions", "study")
    files = (p for package in packages for p in (ROOT / package).rglob("*.*") if p.suffix in KINDS)
    found = {
        str(path.relative_to(ROOT))
        for path in files
        if re.search(r"%Y|%H|\.date\(\)|(?<!def )(?<!_local)\.astimezone\(\)", path.read_text())
    }
    assert found == in_utc
