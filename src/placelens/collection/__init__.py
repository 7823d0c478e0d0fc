"""The public object: a folder of items, their vectors, and how to search them.

It joins what the rooms below do and computes nothing itself. What it does stands in the files of
this room, by what people do with it: reading, writing, searching, keeping, learning, estimates.
"""

from placelens.collection.collection import Collection

__all__ = ["Collection"]
