"""Each key of Compose that is refused, with its advice: made from the loader's own tables, so that none is left out."""

from slipway.load import keys
from tests.unit.load.cases.case import API, Case

TITLE = "Keys of Compose that are refused"
CASES = [
    *(Case(f"`{key}`", {f"{API}/{key}": "x"}, f"services.api.{key}", advice) for key, advice in keys.REFUSED.items()),
    *(Case(f"`{key}` at the root", {key: {"x": {}}}, key, advice) for key, advice in keys.REFUSED_ROOT.items()),
]
