"""Everything of the Classification Studio that is not a widget.

No module in here imports Streamlit. Which module may import which is drawn in
`docs/architecture.md` and enforced by `tests/test_architecture.py`.
"""
