"""Numba loops: arrays in, arrays out; no I/O, no classes, no logging."""
