import json

from core.cli import main
from core.images import decode, encode_png
from tests.core.cli.conftest import refused


def test_an_explanation_is_written_and_described(tmp_path, capsys, drawn_digit):
    (tmp_path / "seven.png").write_bytes(encode_png(drawn_digit(7)))
    image, out = str(tmp_path / "seven.png"), tmp_path / "why.png"
    assert main(["explain", image, "--method", "hires_cam", "--out", str(out)]) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["class"], line["method"], line["file"]) == ("7", "hires_cam", str(out))
    assert "Hiding the marked" in line["deletion"]["sentence"]
    assert decode(out.read_bytes()).shape == (336, 336, 3)
    assert "no class named" in refused(capsys, "explain", image, "--class", "x", "--out", str(out))
    assert "must end in .png" in refused(capsys, "explain", image, "--out", "why.jpg")
