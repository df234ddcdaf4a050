import subprocess
import sys
from dataclasses import replace

import pytest

from core import samples
from core.images import decode
from core.samples import SAMPLES, photos
from core.settings import PROJECT_DIR


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.title)
def test_a_photo_is_here_and_can_be_read(sample):
    assert sample.is_here
    image = decode(sample.read())
    assert image.ndim == 3
    assert min(image.shape[:2]) > 200


def test_all_of_them_are_offered():
    assert photos() == list(SAMPLES)


def test_each_has_a_title_a_file_name_and_who_made_it():
    for described in ("title", "file_name", "credit"):
        values = [getattr(sample, described) for sample in SAMPLES]
        assert all(values)
    assert len({sample.title for sample in SAMPLES}) == len(SAMPLES)
    for sample in SAMPLES:
        assert "/" not in sample.file_name
        assert sample.credit.rpartition(", ")[2] in ("CC0", "CC BY 2.0")


def test_what_a_package_leaves_out_is_not_offered(monkeypatch):
    gone = replace(SAMPLES[0], path="data/was-left-out.png")
    monkeypatch.setattr(samples, "SAMPLES", (gone, *SAMPLES[1:]))
    assert not gone.is_here
    assert photos() == list(SAMPLES[1:])


def test_listing_them_imports_no_package():
    code = """
import sys
from core.samples import photos
assert photos()
sys.stdout.write(" ".join({module.partition(".")[0] for module in sys.modules}))
"""
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_DIR, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert {"skimage", "sklearn", "numpy", "scipy"}.isdisjoint(result.stdout.split())
