"""Inputs broken at random, by the hundred thousand; see `tests.fuzz.__main__`."""
