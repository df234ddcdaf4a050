import pandas as pd

from pages.components.shared import tables


def test_cells_are_written_as_elsewhere_and_keep_their_values():
    table = pd.DataFrame({"accuracy": [0.916, None, 1.0], "seconds": [65.0, 0.25, 4000.0]})
    styled = tables.written(table, ["accuracy"], ["seconds"])
    shown = styled.to_html()
    for text in ("91.6 %", "–", "100.0 %", "1 min 5 s", "250.00 ms", "1 h 7 min"):
        assert f">{text}</td>" in shown
    assert styled.data is table
