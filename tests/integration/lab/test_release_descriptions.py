"""Every description of a release, held against the files by the validator of its standard.

Zero errors, and zero warnings that a person could mend.
"""

import json
import os
import subprocess
import sys
from importlib.metadata import files
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.paths import ROOT

ROCRATE = ROOT / ".venv-rocrate"  # made by scripts/rocrate-validator
TABLES = {
    "video_ratings": 24, "raw_video_ratings": 72, "test_set": 4, "AVMIT_train": 14,
    "AVMIT_validation": 2, "MIT16_train": 18, "MIT16_validation": 2, "clips": 24, "trials": 72,
    "rejects": 1, "agreement": 45, "left_out": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(released_study) -> Path:
    return released_study.folder


def _require(package: str) -> None:
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")


def _in_python(code: str, path: Path, **variables: str) -> object:
    done = subprocess.run(
        [sys.executable, "-c", f"import json, sys\n{code}", str(path)],
        capture_output=True,
        text=True,
        env=os.environ | variables,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_tables_have_the_rows_that_are_expected(folder):
    found = {name: len(pd.read_csv(folder / f"{name}.csv")) for name in TABLES}
    assert found == TABLES


def _in_croissant(folder: Path) -> object:
    """Return errors, warnings, and how many records of each set load."""
    _require("mlcroissant")
    # In a process of its own: what it is built on warns of itself.
    return _in_python(
        "import mlcroissant\n"
        "dataset = mlcroissant.Dataset(jsonld=sys.argv[1])\n"
        "issues = dataset.metadata.ctx.issues\n"
        "loaded = {each.id: sum(1 for _ in dataset.records(record_set=each.id))\n"
        "          for each in dataset.metadata.record_sets}\n"
        "print(json.dumps([sorted(issues.errors), sorted(issues.warnings), loaded]))",
        folder / "croissant.json",
    )


def test_croissant_is_valid_and_every_record_set_loads(folder):
    assert _in_croissant(folder) == [[], [], TABLES]


def test_croissant_uses_only_fields_of_the_rai_vocabulary(folder):
    known = {
        "dataLimitations", "dataCollection", "dataUseCases", "dataReleaseMaintenancePlan",
        "dataCollectionTimeFrame", "dataCollectionMissingData", "dataCollectionRawData",
        "dataCollectionType", "dataImputationProtocol", "dataManipulationProtocol",
        "dataPreprocessingProtocol", "dataAnnotationProtocol", "dataAnnotationPlatform",
        "dataAnnotationAnalysis", "annotationsPerItem", "annotatorDemographics",
        "machineAnnotationTools", "dataBiases", "personalSensitiveInformation", "dataSocialImpact",
    }  # fmt: skip
    said = json.loads((folder / "croissant.json").read_text())
    fields = {key.removeprefix("rai:") for key in said if key.startswith("rai:")}
    assert len(fields) >= 8
    assert fields <= known


def test_the_data_package_is_valid_with_its_keys(folder):
    frictionless = pytest.importorskip("frictionless")
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert report.flatten(["title", "message"]) == []
    assert {task.name: task.stats["rows"] for task in report.tasks} == {
        name.lower().replace("_", "-"): n for name, n in TABLES.items()
    }


def test_the_datacite_description_is_valid(folder):
    schema = pytest.importorskip("datacite.schema45")
    content = json.loads((folder / "datacite.json").read_text())
    assert list(schema.validator.iter_errors(content)) == []


def test_the_citation_file_is_valid(folder):
    _require("check_jsonschema")
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema",
         "vendor.citation-file-format", str(folder / "CITATION.cff")],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def _issues_of_bids(folder: Path) -> object:
    _require("bids_validator_deno")
    program = next(
        Path(path.locate()).resolve()
        for path in files("bids-validator-deno") or ()
        if path.name == "bids-validator-deno"
    )
    done = subprocess.run(
        [program, "--json", "--max-rows", "-1", str(folder / "bids")],
        capture_output=True, text=True, env=os.environ | {"NO_COLOR": "1"},
    )  # fmt: skip
    return json.loads(done.stdout)["issues"]["issues"]


def test_bids_has_neither_an_error_nor_a_warning(folder):
    assert _issues_of_bids(folder) == []


@pytest.mark.parametrize("released", ["answers_alone", "answers_beside_ratings"])
def test_releases_with_recognition_answers_are_valid_and_load_too(released, request):
    folder = request.getfixturevalue(released).folder
    rows = {path.stem: len(pd.read_csv(path)) for path in folder.glob("*.csv")}
    rows.pop("data_dictionary")
    assert _in_croissant(folder) == [[], [], rows]
    assert _issues_of_bids(folder) == []
    frictionless = pytest.importorskip("frictionless")
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert report.flatten(["title", "message"]) == []
    assert {task.name: task.stats["rows"] for task in report.tasks} == {
        name.lower().replace("_", "-"): n for name, n in rows.items()
    }


def test_each_configuration_of_the_hugging_face_head_loads(folder, tmp_path):
    _require("datasets")
    # In a process of its own: the library reads where its cache is when it is imported.
    found = _in_python(
        "import datasets\n"
        "datasets.disable_progress_bars()\n"
        "names = datasets.get_dataset_config_names(sys.argv[1])\n"
        "print(json.dumps({n: datasets.load_dataset(sys.argv[1], n)['train'].num_rows "
        "for n in names}))",
        folder,
        HF_HOME=str(tmp_path),
        HF_HUB_OFFLINE="1",
    )
    assert found == TABLES


def test_the_hugging_face_head_names_every_table_once(folder):
    head = yaml.safe_load((folder / "README.md").read_text().split("---\n")[1])
    assert {each["config_name"]: each["data_files"] for each in head["configs"]} == {
        name: f"{name}.csv" for name in TABLES
    }
    assert head["license"] == "cc0-1.0"


def test_psych_ds_keeps_its_rules(folder):
    root = folder / "psych-ds"
    said = json.loads((root / "dataset_description.json").read_text())
    assert said["@context"] == "https://schema.org/"
    assert said["@type"] == "Dataset"
    assert said["name"]
    assert said["description"]
    measured = {each["name"] for each in said["variableMeasured"]}
    columns = set()
    for path in root.glob("data/*"):
        parts = path.name.removesuffix("_data.csv").split("_")
        assert all(part.count("-") == 1 for part in parts)
        table = pd.read_csv(path)
        columns |= set(table.columns)
        assert "row_id" not in table or table["row_id"].is_unique
    assert columns == measured


def test_the_crate_names_every_file_and_which_command_made_each_table(folder):
    graph = json.loads((folder / "ro-crate-metadata.json").read_text())["@graph"]
    own = {"ro-crate-metadata.json", "CHECKSUMS.sha256"}
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} - own
    assert {each["@id"] for each in graph if each["@type"] == "File"} == files
    made = {}
    for step in (each for each in graph if each["@type"] == "CreateAction"):
        results = step["result"] if isinstance(step["result"], list) else [step["result"]]
        made |= {result["@id"]: step["name"] for result in results}
    assert made["video_ratings.csv"] == "python -m curation export-ratings"
    assert made["trials.parquet"] == "python -m curation export-trials"
    assert made["AVMIT_YamNet_EffNetB0.tar"] == "python -m features extract"
    assert {f"{name}.csv" for name in TABLES} <= made.keys()


@pytest.mark.skipif(not ROCRATE.is_dir(), reason="scripts/rocrate-validator has not been run")
def test_the_crate_is_a_process_run_crate(folder):
    done = subprocess.run([ROOT / "scripts/rocrate-validator", folder], capture_output=True)
    assert done.returncode == 0, done.stdout[-3000:]
