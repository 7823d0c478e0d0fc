"""What a command can do without, so that it starts sooner."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType


def leave_pandas_aside() -> None:
    """Keep Arrow from importing pandas for its own sake, a quarter of a second where it is there.

    Arrow asks for pandas the first time it makes an array, to know pandas objects when it sees
    them; making one is part of importing Lance. No command has any but those that write by way of
    geopandas, which imports pandas itself: Arrow is told of it then.
    """
    if "pandas" not in sys.modules and "lance" not in sys.modules:
        sys.meta_path.insert(0, _PandasLater())


class _PandasLater(MetaPathFinder):
    """Finds no pandas while Lance is imported; afterwards finds it, and has Arrow ask again."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "pandas":
            return None
        if getattr(getattr(sys.modules.get("lance"), "__spec__", None), "_initializing", False):
            raise ModuleNotFoundError("left aside while Lance is imported", name=name)
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None and spec.loader is not None and "pyarrow" in sys.modules:
            spec.loader = _ThenTellArrow(spec.loader)
        return spec


class _ThenTellArrow(Loader):
    """Loads pandas as its own loader does, and lets Arrow know."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        import pyarrow.lib

        # Asking for the module makes Arrow try again what has failed before.
        _ = pyarrow.lib._pandas_api.pd
