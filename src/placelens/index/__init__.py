"""Indexes: each finds the exact top k of the same score."""
