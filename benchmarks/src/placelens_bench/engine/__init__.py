"""The index beside its rivals: one data set, six workloads, one process per method.

`placelens_bench.engine.run` is the entrance; ``placelens bench engine`` calls it.
"""
