import csv
import io

import numpy as np
import pytest

from core.spreadsheet import as_csv


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-2+3.png", "'-2+3.png"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\n=1"),
        (" =1", "' =1"),
        ("＝1", "'＝1"),
        ("a\r=1", "a\n=1"),
        ("a=1", "a=1"),
        ("'=1", "'=1"),
        (-1, "-1"),
        (-0.5, "-0.5"),
        (np.float64(-0.25), "-0.25"),
        (None, ""),
        (float("nan"), ""),
    ],
)
def test_a_spreadsheet_shows_every_cell_and_runs_none(cell, written):
    text = as_csv(["=title", "b"], [[cell, "x"]])
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["'=title", "b"], [written, "x"]]
