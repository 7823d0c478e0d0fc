"""The indexes that a collection keeps: which kinds there are, and how each of them lives.

Nothing here but `kinds` knows an index class.
"""
