"""A query, from plan to hits."""
