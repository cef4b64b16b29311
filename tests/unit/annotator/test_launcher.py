"""The desktop entry, read as a desktop reads it."""

import configparser
import re
import shutil
import subprocess
import sys

import pytest

from annotator.launcher import entry, install
from study.config.study import Study, StudyConfig

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="desktop entries are for Linux")


def read(text):
    parser = configparser.RawConfigParser(interpolation=None, delimiters="=")
    parser.optionxform = str
    parser.read_string(text)
    return dict(parser["Desktop Entry"])


def command(value):
    """Return the arguments of Exec: first the escapes of a key file, then quotes and codes."""
    unescaped = value.replace("\\\\", "\\")
    quoted = re.findall(r'"((?:[^"\\]|\\.)*)"', unescaped)
    return [re.sub(r'\\(["`$\\])', r"\1", part).replace("%%", "%") for part in quoted]


def study_in(folder, title="AVMIT"):
    folder.mkdir(parents=True)
    return Study(folder, StudyConfig(title=title))


@pytest.mark.parametrize(
    "name", ["study", "a study", 'quo"te', "dollar $HOME", "per%cent %f", "back\\slash", "a`b", "ä"]
)
def test_an_entry_starts_the_task_of_its_study_whatever_its_folder_is_called(tmp_path, name):
    study = study_in(tmp_path / name)
    found = read(entry(study, tmp_path / "icon.svg", ["--kiosk"]))
    assert command(found["Exec"]) == [
        sys.executable, "-m", "annotator", "--study", str(study.folder.resolve()), "--launched",
        "--kiosk",
    ]  # fmt: skip
    assert (found["Type"], found["Terminal"]) == ("Application", "false")


@pytest.fixture
def home(tmp_path, monkeypatch):
    (tmp_path / "home" / "Desktop").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", "/nowhere")  # no xdg-user-dir, no gio
    for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path / "home"


def test_the_icon_is_on_the_desktop_and_in_the_menu_and_a_kiosk_starts_at_login(home, tmp_path):
    study = study_in(tmp_path / "study", "Sights\\and sounds")
    plain = install(study, kiosk=False)
    assert sorted(path.parent.name for path in plain) == ["Desktop", "applications", "apps"]
    assert not (home / ".config").exists()
    (login,) = set(install(study, kiosk=True)) - set(plain)
    assert login.parent == home / ".config" / "autostart"
    assert command(read(login.read_text())["Exec"])[-1] == "--kiosk"
    for path in plain[:2]:
        assert path.stat().st_mode & 0o111
        assert read(path.read_text())["Name"] == "Rate clips: Sights\\\\and sounds"
        assert read(path.read_text())["Icon"] == str(plain[2])
    assert plain[2].read_text().startswith("<svg")


def test_each_study_has_one_icon_however_often_it_is_installed(home, tmp_path):
    for name in ("one", "two", "one"):
        folder = tmp_path / name
        install(study_in(folder) if not folder.exists() else Study(folder, StudyConfig()),
                kiosk=False)  # fmt: skip
    assert len(list((home / "Desktop").iterdir())) == 2


def test_the_desktop_itself_finds_no_fault_with_it(tmp_path):
    if shutil.which("desktop-file-validate") is None:
        pytest.skip("desktop-file-validate is not installed (Debian: desktop-file-utils)")
    path = tmp_path / "task.desktop"
    path.write_text(entry(study_in(tmp_path / "a % b"), tmp_path / "icon.svg", []))
    done = subprocess.run(["desktop-file-validate", path], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
