"""What a picture's container does not say of the codestream inside it."""

from __future__ import annotations


def hidden_bytes(kind: str | None, data: bytes) -> int:
    """Bytes that decoding takes for what the header of the file does not tell."""
    return 0
