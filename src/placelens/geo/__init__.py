"""Distances, decays, areas and place names."""
