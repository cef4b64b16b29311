"""PostgreSQL is set up by the lines of its page."""

import shutil
import subprocess

import pytest
from sqlalchemy import make_url

from tests.worlds.first_study import POSTGRES, Lab, command_lines


def test_postgresql_is_set_up_as_the_page_says(tmp_path, monkeypatch, postgres_server):
    server = make_url(postgres_server)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in {"PGHOST": server.host, "PGPORT": str(server.port),
                        "PGUSER": server.username, "PGDATABASE": "postgres"}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    if shutil.which("createuser") is None:
        pytest.skip("no PostgreSQL client is installed (Debian: apt-get install postgresql-client)")
    lab = Lab(tmp_path)
    lab.places |= {"@lab-server/": f"@{server.host}:{server.port}/", "sudo -u postgres ": ""}
    (lab.tree.parent / "home").mkdir()
    for line in command_lines(POSTGRES):
        if line.startswith("python "):
            for name in ("PGUSER", "PGDATABASE"):
                monkeypatch.delenv(name, raising=False)
            lab.run(line)
            continue
        for place, here in lab.places.items():
            line = line.replace(place, here)
        subprocess.run(["bash", "-ec", line], check=True, capture_output=True)
    assert (tmp_path / ".pgpass").stat().st_mode & 0o777 == 0o600
    assert "store-" in lab.said["python -m sessions backup --by AB"]
    clean_up = [["dropdb", "--force", "study"], ["dropuser", "study_owner"]]
    for command in clean_up:
        subprocess.run([*command, "-U", str(server.username)], check=True)
