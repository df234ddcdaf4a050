import json
import os

import pytest

from core import export
from core.cli import main
from tests.core.cli.conftest import refused
from tests.overriding import use

RUN = "mnist-logistic-regression"


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.few(1)
def test_a_run_is_exported_and_proven(capsys, tmp_path, monkeypatch, as_json):
    use(monkeypatch, work_dir=tmp_path / "work")
    path = tmp_path / "lines.onnx"
    path.write_bytes(b"before")
    arguments = ["export", "--run", RUN, "--format", "onnx", "--out", str(path)]
    assert main(arguments + ["--json"] * as_json) == 0
    captured = capsys.readouterr()
    assert captured.err == "preparing …\nconverting …\nproving …\nwriting …\n"
    if as_json:
        told = json.loads(captured.out)
        assert (told["run"], told["format"], told["path"]) == (RUN, "onnx", str(path))
        assert told["bytes"] == path.stat().st_size
        assert told["proof"]["agreement"] == 1 and told["proof"]["accuracy"] > 0.8
    else:
        assert "100.0 % of 200 images" in captured.out
        assert captured.out.endswith(f"Wrote {path}.\n")


def test_what_is_no_file_is_left_alone(capsys, tmp_path):
    os.mkfifo(tmp_path / "pipe.onnx")
    (tmp_path / "folder.onnx").mkdir()
    arguments = ["export", "--run", RUN, "--format", "onnx", "--out"]
    for name, kind in (("pipe", "a named pipe"), ("folder", "a folder")):
        sentence = refused(capsys, *arguments, str(tmp_path / f"{name}.onnx"))
        assert f"it is {kind}, not a file" in sentence
    assert len(list(tmp_path.iterdir())) == 2


def test_an_unknown_format_is_named(capsys):
    with pytest.raises(SystemExit) as end:
        main(["export", "--run", RUN, "--format", "onx", "--out", "x.onnx"])
    assert end.value.code == 2
    told = capsys.readouterr().err
    assert "'onx'" in told and all(name in told for name in export.FORMATS)
