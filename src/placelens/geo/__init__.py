"""Distances, decays, regions and place names."""
