"""Readers: photos with their sidecars, and tables, to sources; sources to readings."""
