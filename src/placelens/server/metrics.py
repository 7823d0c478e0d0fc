"""Numbers for Prometheus, in its text format.

prometheus-client would be one more package to pin and to look after, with a registry that is global
to the process; what is told here is five families in a format of four kinds of lines.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

__all__ = ["MEDIA_TYPE", "Metrics"]

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Upper ends in seconds: a search takes 5 to 100 ms, and 30 s at most unless told otherwise.
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """What a server has done since it was started; may be used from several threads.

    Routes go by the ids of their operations in the OpenAPI, since paths hold whatever clients send.

    Examples
    --------
    >>> metrics = Metrics()
    >>> metrics.note_request("read_item", "GET", 404, 0.003)
    >>> print(metrics.text({"photos": 7}))
    # HELP placelens_http_requests_total Requests that were answered.
    # TYPE placelens_http_requests_total counter
    placelens_http_requests_total{route="read_item",method="GET",status="404"} 1
    ...
    placelens_items{collection="photos"} 7
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._buckets: dict[str, list[int]] = {}
        self._seconds: Counter[str] = Counter()
        self._searches: Counter[str] = Counter()
        self._n_in_flight = 0

    def begin_request(self) -> None:
        """A request has come."""
        with self._lock:
            self._n_in_flight += 1

    def end_request(self) -> None:
        """It is answered, or has gone."""
        with self._lock:
            self._n_in_flight -= 1

    def note_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """How a request was answered, and how long that took."""
        known = method if method in _METHODS else "other"  # clients may send any
        with self._lock:
            self._requests[route, known, status] += 1
            counts = self._buckets.setdefault(route, [0] * (len(BUCKETS_S) + 1))
            counts[bisect_left(BUCKETS_S, seconds)] += 1
            self._seconds[route] += seconds  # type: ignore[assignment]  # a sum of floats

    def note_search(self, collection: str) -> None:
        """A search was answered."""
        with self._lock:
            self._searches[collection] += 1

    def text(self, n_items: Mapping[str, int]) -> str:
        """All of it; ``n_items`` is what collections hold now, by name."""
        with self._lock:
            return "\n".join([*self._lines(n_items), ""])

    def _lines(self, n_items: Mapping[str, int]) -> Iterator[str]:
        yield from _family(
            "http_requests_total",
            "counter",
            "Requests that were answered.",
            (
                (f'route="{route}",method="{method}",status="{status}"', count)
                for (route, method, status), count in sorted(self._requests.items())
            ),
        )
        yield from self._histogram()
        in_flight = [("", self._n_in_flight)]
        yield from _family("http_requests_in_flight", "gauge", "Requests at work.", in_flight)
        for name, kind, help_, counts in (
            ("searches_total", "counter", "Searches that were answered.", self._searches),
            ("items", "gauge", "Items of the collections that are open.", n_items),
        ):
            rows = ((f'collection="{_quoted(each)}"', counts[each]) for each in sorted(counts))
            yield from _family(name, kind, help_, rows)

    def _histogram(self) -> Iterator[str]:
        name = "placelens_http_request_duration_seconds"
        yield f"# HELP {name} From a request's first byte to its answer's last."
        yield f"# TYPE {name} histogram"
        for route, counts in sorted(self._buckets.items()):
            total = 0
            for end, count in zip((*BUCKETS_S, "+Inf"), counts, strict=True):
                total += count
                yield f'{name}_bucket{{route="{route}",le="{end}"}} {total}'
            yield f'{name}_sum{{route="{route}"}} {self._seconds[route]:.6f}'
            yield f'{name}_count{{route="{route}"}} {total}'


def _family(name: str, kind: str, help_: str, rows: Iterable[tuple[str, int]]) -> Iterator[str]:
    yield f"# HELP placelens_{name} {help_}"
    yield f"# TYPE placelens_{name} {kind}"
    for labels, value in rows:
        yield f"placelens_{name}{{{labels}}} {value}" if labels else f"placelens_{name} {value}"


def _quoted(value: str) -> str:
    """A label's value: a collection's name may hold anything but a slash."""
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
