"""The index and its rivals, each as a `placelens.bench.engine.methods.base.Method`."""
