import os
import subprocess
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from core import settings
from core.settings import PROJECT_DIR, Settings

VARIABLES = [
    ("STUDIO_DATA_DIR", "data_dir", "data"),
    ("STUDIO_RUNS_DIR", "runs_dir", "saved_models"),
    ("STUDIO_WORK_DIR", "work_dir", ".studio"),
]


@pytest.mark.parametrize(("variable", "field", "default"), VARIABLES)
@pytest.mark.parametrize("environment", [{}, {"empty": ""}])
def test_unset_or_empty_variables_give_the_default(variable, field, default, environment):
    environment = dict.fromkeys(environment and [variable], "")
    assert getattr(Settings.from_environment(environment), field) == PROJECT_DIR / default


@pytest.mark.parametrize(("variable", "field", "default"), VARIABLES)
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/somewhere/else", Path("/somewhere/else")),
        ("~/studio", Path.home() / "studio"),
        ("relative", Path.cwd() / "relative"),
        ("/a/b/../c", Path("/a/c")),
    ],
)
def test_a_variable_sets_its_own_folder_only(variable, field, default, value, expected):
    received = Settings.from_environment({variable: value})
    assert getattr(received, field) == expected.resolve()
    for _, other, other_default in VARIABLES:
        if other != field:
            assert getattr(received, other) == PROJECT_DIR / other_default


def test_what_comes_with_the_studio_cannot_be_moved():
    received = Settings.from_environment({variable: "/elsewhere" for variable, *_ in VARIABLES})
    assert received.bundled_runs_dir == PROJECT_DIR / "saved_models"
    assert received.embedded_data_dir == PROJECT_DIR / "data"


def test_settings_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        settings.current().runs_dir = Path("/elsewhere")


def test_the_environment_is_read_when_the_studio_starts(tmp_path):
    code = "from core import settings; print(settings.current().runs_dir, end='')"
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT_DIR,
        env={**os.environ, "STUDIO_RUNS_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(result.stdout) == tmp_path.resolve()


def test_settings_are_overridden_for_as_long_as_the_block_lasts(tmp_path):
    before = settings.current()
    with settings.override(runs_dir=tmp_path, public=True) as changed:
        assert settings.current() is changed
        assert (changed.runs_dir, changed.public) == (tmp_path, True)
        assert changed.data_dir == before.data_dir
    assert settings.current() is before


def test_settings_are_as_before_after_a_failure(tmp_path):
    before = settings.current()
    with pytest.raises(ZeroDivisionError), settings.override(runs_dir=tmp_path):
        raise ZeroDivisionError
    assert settings.current() is before


def test_only_what_there_is_can_be_overridden():
    with pytest.raises(TypeError, match="elsewhere"), settings.override(elsewhere=1):
        pass
