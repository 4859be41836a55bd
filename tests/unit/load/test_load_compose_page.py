"""The table of differences with Compose in the documents is what the loader does."""

from tests.compose import page


def test_the_table_of_differences_is_fresh() -> None:
    assert page.PAGE.read_text() == page.page(), f"run `{page.COMMAND} --write`"
