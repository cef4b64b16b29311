"""Make a study, that is its `study.toml` and its store, and check that it can be used."""

import json
import os
import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from study.classes import read_classes
from study.config.evidence import EvidenceRules
from study.config.study import CONFIG_NAME, Study, StudyConfig, find_study, parse_config
from study.errors import ConfigError, StudyError
from study.store import studies
from study.store.addresses import sqlite_path
from study.store.migrations import create_store, store_snapshot, store_transaction
from study.tools import access
from study.tools.files import written_atomically
from study.tools.wording import counted
from study.vocabulary import VIDEO_LOCATIONS

_HEADER = """\
# The study's configuration; every key and what it means: docs/reference/study_toml.md.
# What is commented out has the value shown. Lines may be changed until `python -m study freeze`.
"""
# What new studies begin with; the default is what studies had before there was such a key.
NEW_STUDIES = {
    "screen.measured_lead": "true",
    "screen.scale": '"auto"',
    "protocol.test_frame_rate_tolerance_hz": "0.05",
    "protocol.test_max_odd_steps": "1",
    **{f"evidence.{key}": '"leave_out"' for key in EvidenceRules.model_fields},
}


def init_study(folder: Path, settings: Sequence[str], at: datetime) -> Study:
    """Write `study.toml` where there is none, and make the store that it names.

    Raises ConfigError if a setting is not known, or `study.toml` is there already and settings are
    given. Raises StoreError if there is a store already, or none can be made.

    Parameters
    ----------
    folder : Path
        The study's folder; made if need be.
    settings : sequence of str
        ``key=value`` with the value as in TOML, such as ``protocol.test_size_per_class=4``.
    """
    path = folder / CONFIG_NAME
    if path.exists() and settings:
        raise ConfigError(f"{path} exists already. Edit it, or choose another folder")
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    is_new = bool(missing) or not any(folder.iterdir())
    if not path.exists():
        _write_config(path, settings)
    try:
        study = find_study(folder)
        if is_new or study.config.desk.group is not None:
            protect(study)
        create_store(study.store_url).dispose()
    except StudyError:
        if settings:
            path.unlink()
            _remove_empty(missing)
        raise
    with store_transaction(study.store_url) as db:
        studies.add(db, study=study, store_id=uuid.uuid4().hex, at=at)
    return study


def seen_from(folder: Path, path: str) -> str:
    """Return a path that was typed, as `study.toml` has it: seen from the study's folder.

    Returns an absolute path as it is, unless it lies in the study's folder.

    Examples
    --------
    >>> seen_from(Path("my_study"), "mit"), seen_from(Path("my_study"), "my_study/mit")
    ('../mit', 'mit')
    >>> seen_from(Path("my_study"), "/data/mit")
    '/data/mit'
    """
    home, typed = folder.resolve(), Path.cwd() / Path(path).expanduser()
    # Where `..` leads behind a link only the real folder says; a link to the clips is kept.
    target = typed.parent.resolve() / typed.name
    if Path(path).is_absolute() and not target.is_relative_to(home):
        return path
    return os.path.relpath(target, home)


def protect(study: Study) -> int:
    """Take a study's files from other accounts, and give them to the group that shares it.

    Raises ConfigError if there is no such group, or the store lies in a folder that does not have
    it.
    """
    group, file = study.config.desk.group, sqlite_path(study.store_url)
    n_changed = access.protect(study.folder, group, leave=study.mit_root)
    if file is None or file.parent.is_relative_to(study.folder.resolve()):
        return n_changed
    if group is not None and not (file.parent.is_dir() and access.is_shared(file.parent)):
        raise ConfigError(
            f"the store {file} lies in a folder that does not pass the group {group} on to the "
            f"files that the database makes beside it. Run: chgrp {group} {file.parent} && chmod "
            f"2770 {file.parent}"
        )
    own = [path for path in file.parent.glob(f"{file.name}*") if path.is_file()]
    return n_changed + sum(access.protect_file(path, group) for path in own)


def config_text(config: StudyConfig) -> str:
    """Return a `study.toml` that reads back as the configuration.

    Values that are the default are commented out.

    Examples
    --------
    >>> print(config_text(StudyConfig(rehearsal=True)).splitlines()[7])
    rehearsal = true
    """
    content, defaults = config.model_dump(mode="json"), StudyConfig().model_dump(mode="json")
    tables = {key: value for key, value in content.items() if isinstance(value, dict)}
    lines = [_HEADER.rstrip("\n")]
    lines += [
        _line(key, value, defaults[key]) for key, value in content.items() if key not in tables
    ]
    for name, table in tables.items():
        lines += ["", f"[{name}]"]
        lines += [_line(key, value, defaults[name].get(key)) for key, value in table.items()]
    return "\n".join(lines) + "\n"


def findings(study: Study) -> Iterator[str]:
    """Yield what is wrong with a study, one sentence each.

    Yields what was found and what to do; nothing where all is well.
    """
    checks = (_check_clips_folder, _check_stimuli, _check_classes, _check_store)
    for check in checks:
        try:
            check(study)
        except StudyError as error:
            yield str(error)


def _check_clips_folder(study: Study) -> None:
    if study.config.recognition.alone:
        return
    root = study.mit_root
    if not root.is_dir():
        raise ConfigError(f"mit_root {root} is not a folder. Correct it in {CONFIG_NAME}")
    if not any((root / location).is_dir() for location in VIDEO_LOCATIONS):
        raise ConfigError(
            f"mit_root {root} has neither a folder {' nor '.join(VIDEO_LOCATIONS)}. Correct it in "
            f"{CONFIG_NAME}, or make clips to rehearse with: python -m study make-clips {root}"
        )


def _check_stimuli(study: Study) -> None:
    folder = study.stimuli_path
    if folder is not None and not folder.is_dir():
        raise ConfigError(
            f"recognition.stimuli {folder} is not a folder. Correct it in {CONFIG_NAME}, or make "
            "clips: python -m curation manipulate"
        )


def _check_classes(study: Study) -> None:
    if study.config.recognition.alone:
        return
    n_classes = len(read_classes(study.classes_path).avmit_labels)
    mark = study.config.protocol.pass_mark(n_classes)
    if mark > n_classes:
        raise ConfigError(
            f"protocol.screening_pass_mark is {mark}, but a screening shows one clip of each of "
            f"the {counted(n_classes, 'class', 'classes')}, so that nobody can pass. Lower "
            f"it in {CONFIG_NAME}"
        )


def _check_store(study: Study) -> None:
    with store_snapshot(study.store_url) as db:
        studies.identity(db, study)
        studies.refuse_changed(db, study.config)


def _write_config(path: Path, settings: Sequence[str]) -> None:
    given = {setting.partition("=")[0].strip() for setting in settings}
    new = [f"{key}={value}" for key, value in NEW_STUDIES.items() if not _is_set(key, given)]
    config = parse_config("\n".join([*settings, *new]), "--set")
    # A store URL may have a password in it.
    with written_atomically(path, readers=access.Readers.OWNER) as part:
        part.write_text(config_text(config), encoding="utf-8")


def _remove_empty(folders: Sequence[Path]) -> None:
    with suppress(OSError):  # somebody else has put something there
        for folder in folders:
            folder.rmdir()


def _is_set(key: str, given: Collection[str]) -> bool:
    return key in given or key.partition(".")[0] in given


def _line(key: str, value: Any, default: Any) -> str:  # noqa: ANN401
    if value is None:
        return f"# {key} is not set"
    line = f"{key} = {_as_toml(value)}"
    return f"# {line}" if value == default else line


def _as_toml(value: Any) -> str:  # noqa: ANN401
    if not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    pairs = (f"{_as_toml(key)} = {_as_toml(entry)}" for key, entry in value.items())
    return f"{{{', '.join(pairs)}}}"
