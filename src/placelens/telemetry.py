"""Nothing leaves the machine: what dependencies would report of their own accord is switched off.

Importing placelens sets the switches in the environment, which every process that it starts
inherits. It is the one thing that importing placelens does beside defining names: some of these
packages decide when they are imported, and they write an identifier to the user's cache folder
and queue events at once. docs/privacy.md says which packages were looked at, and how.
"""

from __future__ import annotations

import os
import sys

SWITCHES = {
    # onnxruntime 1.29 and newer, on Linux and macOS: a device id, a queue of events, uploads.
    "ORT_DISABLE_TELEMETRY": "1",
    # huggingface_hub's user agent, and the reports of transfers by hf-xet, which obeys it too.
    "HF_HUB_DISABLE_TELEMETRY": "1",
}


def switch_off() -> None:
    """Set every switch, whatever it was set to; see the module."""
    if "onnxruntime" in sys.modules and os.environ.get("ORT_DISABLE_TELEMETRY") != "1":
        _silence_late(sys.modules["onnxruntime"])
    os.environ.update(SWITCHES)


def _silence_late(onnxruntime: object) -> None:
    """Stop what can still be stopped of an onnxruntime that was imported before placelens."""
    import logging

    disable = getattr(onnxruntime, "disable_telemetry_events", None)
    if disable is not None:
        disable()
    logging.getLogger(__name__).warning(
        "onnxruntime was imported before placelens, so its telemetry may have begun: it is "
        "switched off now; import placelens first, or set ORT_DISABLE_TELEMETRY=1"
    )
