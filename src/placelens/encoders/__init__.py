"""Encoders: images and texts to unit vectors of one space."""

from placelens.encoders.base import Calibration, Encoder
from placelens.encoders.registry import list_encoders, load_encoder

__all__ = ["Calibration", "Encoder", "list_encoders", "load_encoder"]
