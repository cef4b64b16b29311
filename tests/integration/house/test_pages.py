"""What the documentation shows can be typed: the pages of Start whole, every other line parsed."""

import functools
import re
import shutil
import tomllib

import pytest

import features
from handbook.blocks import Block, blocks, blocks_of, pages
from handbook.lines import command_in, fault_of
from handbook.tables import listed
from study.config.study import StudyConfig, parse_config
from study.errors import ConfigError
from study.rehearsal.odd import make_odd_clip
from tests.paths import ROOT
from tests.worlds.first_study import PAGE
from tests.worlds.model_worlds import make_world
from tests.worlds.typed_pages import Typist

BLOCKS = blocks()
WHOLE = [
    *sorted((ROOT / "docs" / "start").glob("*.md")),
    ROOT / "docs" / "guides" / "people_and_networks.md",
]
NEEDS = re.compile(r"^needs .*(network|rig|GPU|screen|server|machines|PyTorch|root)")
# How far a page promises that its lines lead.
ENDS = {
    "experimenter": (
        "python -m annotator --participant P01 --simulate perfect --stage simulated",
        "28 of 28 clips are rated (finished)",
    ),
}
# Python that another test runs, in the world that it needs: the page, and what is in the block.
RUN_BY = {
    ("docs/guides/embedding_sets.md", "SET ="): "tests/worlds/plugged.py",
    ("docs/guides/embeddings.md", "read_pack"): "tests/integration/features/test_pack.py",
    ("docs/guides/library.md", "torch"): "tests/integration/models/test_library.py",
}


@pytest.mark.parametrize("page", WHOLE, ids=lambda page: page.stem)
def test_a_whole_page_is_typed_from_its_first_line_to_its_last(page, tmp_path, monkeypatch):
    typist = Typist(tmp_path, monkeypatch)
    typist.type_page(page)
    assert len(typist.said) >= 3
    line, end = ENDS.get(page.stem, (None, None))
    assert end is None or end in typist.said[line]
    assert undescribed_tables(tmp_path) == []


def undescribed_tables(folder):
    """Return the tables below a folder that have a column which no table of the reference has."""
    known = [[name for name, _, _ in table.columns] for part in listed().values() for table in part]
    return [
        f"{path.relative_to(folder)}: {heading}"
        for path in sorted(folder.rglob("*.csv"))
        for heading in [path.read_text(encoding="utf-8").partition("\n")[0].strip().split(",")]
        if not any(is_one_of(heading, columns) for columns in known)
    ]


def is_one_of(heading, columns):
    # A name that begins with a place takes any name, so that the others have to be there.
    fixed = {name for name in columns if not name.startswith("‹")}
    if len(fixed) < len(columns):
        return fixed <= set(heading)
    begins = tuple(name.partition("‹")[0] for name in fixed if "‹" in name)
    return all(name in fixed or name.startswith(begins) for name in heading)


def test_a_table_with_a_column_that_nobody_described_is_found(tmp_path):
    (tmp_path / "one.csv").write_text("participant_id,n_ratings\n")
    (tmp_path / "other.csv").write_text("participant_id,shoe_size\n")
    (tmp_path / "said.csv").write_text("network,filename,p_barking,loss\n")
    assert undescribed_tables(tmp_path) == ["other.csv: ['participant_id', 'shoe_size']"]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{block.page}:{block.line}")
def test_a_block_says_its_language_and_its_commands_can_be_typed(block):
    assert block.language, "write the language behind the three marks: bash, python, toml or text"
    if not block.reason:
        assert {line: fault_of(line) for line in block.commands if fault_of(line)} == {}


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("python -m sessions enroll P01", "sessions has no command enroll"),
        ("python -m curation agreement --per-class", "No such option"),
        ("python -m sessions plan --exploration high", "a valid number"),
        ("python -m curation check-release", "Missing"),
        ("python -m annotator --phase lunch", "is not one of"),
        ("make coffee", "make has no coffee"),
        ("curl https://example.org", "mark the block"),
        ("scripts/nothing", "there is no scripts/nothing"),
    ],
)
def test_a_line_that_cannot_be_typed_is_found(line, fault):
    assert fault in fault_of(line)


INLINE = re.compile(r"`((?:python -m |make |scripts/)[^`]+)`")
EXAMPLES = [
    line
    for page in sorted((ROOT / "docs" / "reference" / "commands").glob("*.md"))
    for line in re.findall(r"^Example: `([^`]+)`$", page.read_text(encoding="utf-8"), re.M)
]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_a_command_within_a_sentence_is_one(page):
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    faults = {line: fault_of(line) for line in INLINE.findall(text) if "NAME" not in line}
    # A sentence may name a command without what has to follow it.
    named = {line for line, fault in faults.items() if "Missing" in fault and " -" not in line[9:]}
    assert {line: fault for line, fault in faults.items() if fault and line not in named} == {}


@pytest.mark.parametrize("line", EXAMPLES)
def test_the_example_in_a_help_text_can_be_typed(line):
    assert fault_of(line) == ""


def test_every_command_that_is_shown_is_run_by_a_test():
    typed = [block for page in [*WHOLE, PAGE] for block in blocks_of(page)]
    run = {command_in(line) for block in typed for line in block.commands if not block.reason}
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    shown = {command_in(line) for block in BLOCKS for line in block.commands} - {None}
    assert len(shown) > 40
    never = [
        f"{package} {name}"
        for package, name in sorted(shown - run)
        if name and not re.search(rf"""["' ]{name.split()[-1]}["' ,\]]""", tests)
    ]
    assert never == []


def test_what_is_not_run_says_what_it_needs():
    assert [block for block in BLOCKS if block.reason and not NEEDS.match(block.reason)] == []
    assert any(block.reason for block in BLOCKS)


def test_settings_that_are_shown_are_those_of_a_study():
    shown = [block for block in BLOCKS if block.language == "toml"]
    tables = {name: tomllib.loads(block.text) for name, block in enumerate(shown)}
    of_studies = [shown[place] for place, keys in tables.items() if keys.keys() <= set(KEYS)]
    assert len(of_studies) >= 4
    for block in of_studies:
        parse_config(block.text, block.page)
    with pytest.raises(ConfigError):
        parse_config("[protocol]\nbonus = 3\n", "here")


KEYS = StudyConfig.model_fields


def owner_of(block: Block) -> str | None:
    return next(
        (
            test
            for (page, word), test in RUN_BY.items()
            if page == block.page and word in block.text
        ),
        None,
    )


def test_python_that_is_run_elsewhere_is_run_there():
    for (page, _), test in RUN_BY.items():
        assert page.rpartition("/")[2] in (ROOT / test).read_text(encoding="utf-8")


PYTHON = [
    block
    for block in BLOCKS
    if block.language == "python"
    and not block.reason
    and block.page not in {str(page.relative_to(ROOT)) for page in WHOLE}
]


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    """A folder with what examples name: a clip, embeddings, and the lists of a training."""
    folder = tmp_path_factory.mktemp("embedded")
    world = make_world(
        folder / "world", n_train=3, n_validation=2, n_test=2, set_name="yamnet_effnet"
    )
    (folder / "embeddings").mkdir()
    shutil.move(world.embeddings, folder / "embeddings" / "YamNet_EffNetB0")
    for path, name in ((world.train, "AVMIT_train"), (world.validation, "AVMIT_validation"),
                       (world.test, "test_set")):  # fmt: skip
        shutil.copy(path, folder / f"{name}.csv")
    make_odd_clip("plain", folder / "clip.mp4")
    return folder


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize(
    "block", [block for block in PYTHON if not owner_of(block)], ids=lambda block: block.page
)
def test_python_that_is_shown_runs(block, embedded, tmp_path, monkeypatch):
    shutil.copytree(embedded, tmp_path / "here")
    # Weights are not in the repository; networks without them take the same clips.
    monkeypatch.setattr(features, "embed", functools.partial(features.embed, untrained=1))
    Typist(tmp_path / "here", monkeypatch).type_block(block)
