"""The list of faults in the documents is what the loader answers."""

from tests.unit.load import page


def test_the_list_of_faults_is_fresh() -> None:
    assert page.PAGE.read_text() == page.page(), f"run `{page.COMMAND} --write`"
