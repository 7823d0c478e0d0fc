"""Fitting what the encoders ship: maps, gates, calibrations, and their ONNX files.

Nothing here is needed to use placelens. torch and onnx come with the extra ``train``
and are imported when they are used.
"""
