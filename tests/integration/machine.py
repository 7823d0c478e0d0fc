"""A machine of its own for the command: empty home, photos, and what each command is tried with."""

import copy
import csv
import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

from PIL import Image

SANDBOX = Path(__file__).with_name("sandbox.py")
is_watertight = runpy.run_path(str(SANDBOX))["is_watertight"]

COLOURS = ("red", "green", "blue", "yellow", "white", "black")

# Every command, in an order in which each finds what it needs; those that need more than a plain
# install are in NEEDS_MORE.
COMMANDS = {
    "index": "index photos --to c.pl --report skipped.csv",
    "index again": "index photos --to c.pl --prune",
    "search": "search c.pl 'a red square near Lyon' --format json",
    "search and save": "search c.pl red --near Lyon --save 'red ones'",
    "search saved": "search c.pl --saved 'red ones' -k 2",
    "searches": "searches c.pl --json",
    "search by image": "search c.pl --image photos/red.png --near Paris --radius 900km",
    "search and explain": "search c.pl 'a red square' -k 2 --explain --explain-to why",
    "index more": "index c.pl --features class_map,regions,shown",
    "sketch": "sketch c.pl --over photos/red.png",
    "quantize": "quantize c.pl --centroids 2",
    "sketch by codes": "sketch c.pl --over photos/red.png --codes",
    "show": "show c.pl blue --thumbnail small.jpg",
    "stats": "stats c.pl --json",
    "timeline": "timeline c.pl",
    "words": "words c.pl",
    "export": "export c.pl -o out.geojson --blur 1km",
    "snapshot": "snapshot c.pl before",
    "delete": "delete c.pl white",
    "restore": "restore c.pl before",
    "compact": "compact c.pl",
    "check": "check c.pl",
    "repair": "repair c.pl",
    "migrate": "migrate c.pl --dry-run",
    "proposals": "proposals c.pl",
    "tokens": "tokens list",
    "encoders": "encoders --json",
    "models": "models list --format json",
    "eval": "eval pairs.jsonl --json",
    "train": "train cosmat c.pl --labels kind --to concepts.pl",
    "help": "--help",
}
NEEDS_MORE = {
    "serve": "test_serving",
    "calibrate": "torch; it does what eval does",
    "bench": "minutes; tests/benchmarks runs it",
    "demo": "the extra demo; tests/unit/demo runs it",
}
# What each of them may leave in the folder where it runs.
LEFT = {"index": {"c.pl", "skipped.csv"}, "show": {"small.jpg"}, "export": {"out.geojson"},
        "search and explain": {"why"}, "train": {"concepts.pl"}}  # fmt: skip


class Home:
    """A machine of its own: empty home, temporary files and work folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("home", "tmp", "work/photos"):
            (root / name).mkdir(parents=True)
        self.work = root / "work"
        passed_on = {
            name: value
            for name, value in os.environ.items()
            # onnxruntime reports nothing where CI is set, nor where pytest's variables are; and
            # commands have all their threads, unlike tests (conftest.py).
            if not name.endswith("_NUM_THREADS")
            and name not in ("CI", "ORT_DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY")
            and not name.startswith(("XDG_", "PYTEST_", "PLACELENS_", "NUMBA_", "GITHUB_"))
        }
        self.env = passed_on | {
            "HOME": str(root / "home"),
            "USERPROFILE": str(root / "home"),
            "TMPDIR": str(root / "tmp"),
            "TEMP": str(root / "tmp"),
            "PYTHONPATH": os.pathsep.join(sys.path),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def with_env(self, **changed: str) -> "Home":
        """The same machine in another environment."""
        other = copy.copy(self)
        other.env = self.env | changed
        return other

    def command(self, *arguments: str, mode: str = "closed") -> list[str]:
        return [sys.executable, str(SANDBOX), mode, *arguments]

    def run(
        self, *arguments: str, mode: str = "closed", cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments, mode=mode),
            check=False,
            capture_output=True,
            text=True,
            env=self.env,
            cwd=cwd or self.work,
            timeout=900,
        )

    def strays(self) -> set[str]:
        """Files outside the work folder and placelens's own cache."""
        own = self.root / "home" / ".cache" / "placelens"
        return {
            str(path.relative_to(self.root))
            for path in self.root.rglob("*")
            if path.is_file()
            and not path.is_relative_to(own)
            and not path.is_relative_to(self.work)
        }

    def files(self) -> set[str]:
        """What is in the work folder."""
        return {path.name for path in self.work.iterdir()}

    def add_photos(self) -> None:
        """24 photos at places, half of them noise, a table that says so, and one broken file."""
        rows, lines = [], []
        photos = self.work / "photos"
        for n in range(12):
            colour = COLOURS[n % 6]
            name = COLOURS[n] if n < 6 else f"p{n}"
            Image.new("RGB", (64, 48), colour).save(photos / f"{name}.png")
            Image.effect_noise((64, 48), 10 + n).convert("RGB").save(photos / f"n{n}.jpg")
            for file, kind, caption in (
                (f"{name}.png", "plain", f"a {colour} square {n}"),
                (f"n{n}.jpg", "noise", f"nothing but noise, like an old television {n}"),
            ):
                rows.append((Path(file).stem, file, 45 + n / 10, 4.8, caption, kind))
                lines.append({"image": f"photos/{file}", "captions": [caption]})
        with (photos / "photos.csv").open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([("id", "image", "lat", "lon", "caption", "kind"), *rows])
        (photos / "broken.jpg").write_bytes(b"not a picture")
        pairs = "".join(json.dumps(line) + "\n" for line in lines)
        (self.work / "pairs.jsonl").write_text(pairs, encoding="utf-8")
