"""Decide what will be done, as data. Pure: facts in, steps out."""
