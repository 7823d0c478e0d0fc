"""The index and its rivals, each as a `placelens_bench.engine.methods.base.Method`."""
