from slipway.ops.tables import aligned


def test_columns_are_as_wide_as_their_widest_cell_and_lines_end_without_blanks() -> None:
    assert list(aligned([("service", "runs"), ("api", "3"), ("a-long-one", "")])) == [
        "  service     runs",
        "  api         3",
        "  a-long-one",
    ]
