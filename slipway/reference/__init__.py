"""The vocabulary told to people and editors: reference pages, JSON Schemas, and the answers of `fab explain`.

Everything is read from the annotations of `model` and `environment`, from the loader's bounds and from the table of Compose's
keys; nothing here judges a file. `python -m slipway.reference --write` makes the generated files anew.
"""
