"""Reading, extracting and packing need no TensorFlow."""

import subprocess
import sys

MODULES = (
    "features",
    "features.records.check_records",
    "features.extraction.clip_list",
    "features.extraction.cluster",
    "features.explore.clip_map",
    "features.extraction.run",
    "features.weights.fetch",
    "features.records.manifest",
    "features.records.pack",
    "features.extraction.prepare",
    "features.extraction.processes",
    "features.records.records",
    "features.weights.formats",
)


def test_no_module_imports_tensorflow_or_keras_on_its_own():
    program = (
        f"import {', '.join(MODULES)}, sys; print(*{{'tensorflow', 'keras'}} & set(sys.modules))"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == []


def test_help_answers_without_pandas_media_or_an_engine():
    program = (
        "import sys; sys.argv = ['features', '--help']\n"
        "import features.__main__\n"
        "print(*{'pandas', 'onnxruntime', 'cv2', 'av'} & set(sys.modules))"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == []


def test_help_answers_where_records_cannot_be_read():
    program = (
        "import sys; sys.argv = ['features', '--help']; sys.modules['google_crc32c'] = None\n"
        "from features.__main__ import main; main()"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stderr) == (0, "")
