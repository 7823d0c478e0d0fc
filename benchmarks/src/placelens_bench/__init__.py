"""What `placelens bench` runs: one file a benchmark, plain JSON types out."""
