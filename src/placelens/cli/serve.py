"""``placelens serve``: the web page and the REST API on this machine."""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from placelens.cli import completion, options
from placelens.cli.console import Warnings, notice, stdout
from placelens.cli.memory import give_back
from placelens.errors import InputError


def command(
    collections: Annotated[
        list[Path],
        typer.Argument(
            metavar="COLLECTION",
            help="The collections' folders.",
            autocompletion=completion.collections,
        ),
    ],
    *,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="Port; 0 takes a free one.")
    ] = 8000,
    tile_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Map tiles like https://.../{z}/{x}/{y}.png; default: offline map."
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Another host name it is reached by; may be repeated."),
    ] = None,
    timeout: Annotated[
        float,
        typer.Option(min=0.1, metavar="SECONDS", help="How long a search may take."),
    ] = 30.0,
    allow_download: options.AllowDownload = False,
    write: Annotated[
        bool, typer.Option("--write", help="Let those with a token for it change the collections.")
    ] = False,
    uploads: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Where uploads are kept; default: NAME-uploads beside NAME.pl."
        ),
    ] = None,
    allow_root: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR", help="A folder that clients may have taken in; may be repeated."
        ),
    ] = None,
    no_auth: Annotated[
        bool,
        typer.Option("--no-auth", help="Ask for no token, as where a proxy does."),
    ] = False,
    cors_origin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN",
            help="Another site whose pages may use the API; may be repeated.",
        ),
    ] = None,
    metrics: Annotated[
        bool, typer.Option("--metrics", help="Tell numbers for Prometheus at /metrics.")
    ] = False,
    log_requests: Annotated[
        bool, typer.Option("--log-requests", help="Print a line for each request, on stderr.")
    ] = False,
    open_page: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Serve the web page and the REST API; to this machine only unless --host says otherwise.

    Writing takes a token (placelens tokens), and so does reading where others can reach the server.
    The URL that is printed holds one of this run.
    """
    give_back()  # before what follows loads Arrow

    from placelens.server.app import create_app
    from placelens.server.connections import run
    from placelens.server.settings import Settings, is_loopback
    from placelens.server.tokens import new_secret

    settings = Settings(
        collections=_by_name(collections),
        host=host,
        allowed_hosts=tuple(allow_host or ()),
        tile_url=tile_url,
        timeout_s=timeout,
        allow_download=allow_download,
        warm_up=True,
        write=write,
        uploads=uploads,
        allowed_roots=tuple(allow_root or ()),
        auth=not no_auth,
        run_token=new_secret(),
        metrics=metrics,
        cors_origins=tuple(cors_origin or ()),
    )
    if log_requests:
        _log_requests()
    app = create_app(settings)
    listening = _listen(host, port)
    if not is_loopback(host):
        notice(
            f"warning: listening on {host}: everyone who reaches this machine may search these "
            "collections and see their photos; there is no password"
            if no_auth
            else f"listening on {host}: whoever has a token may search these collections; tokens "
            "and photos go unencrypted unless a proxy with TLS stands in front"
        )
    url = f"http://{_in_url(host)}:{listening.getsockname()[1]}/"
    # Behind the #, where no server and no log sees it.
    page = f"{url}#token={settings.run_token}" if settings.page_needs_token else url
    try:
        stdout().print(f"placelens at {page} (API: {url}docs), Ctrl-C to stop")
        if open_page:
            typer.launch(page)
        run(app, listening, stopping=app.state.jobs.end_streams, longest_s=timeout)
    except KeyboardInterrupt:
        notice("stopped")  # the way to end a server, not an accident
        # What is loaded at the start may still be loading, for half a minute where kernels are
        # compiled, and would be waited for. Jobs have committed what they had; and after a second
        # Ctrl-C, as after a crash, collections are as of their last commit.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _log_requests() -> None:
    logger = logging.getLogger("placelens.server.requests")
    logger.setLevel(logging.INFO)
    logger.handlers = [Warnings(logging.INFO)]
    logger.propagate = False


def _by_name(paths: Sequence[Path]) -> dict[str, Path]:
    """The collections by the names they get in URLs, each opened once to be sure of it."""
    from placelens.collection import Collection

    named: dict[str, Path] = {}
    for path in paths:
        name = Collection.open(path).name
        if name in named:
            raise InputError(f"{named[name]} and {path} have the same name {name!r}; rename one")
        named[name] = path
    return named


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error  # without the call's details
        raise InputError(
            f"cannot listen on {host} port {port}: {reason}; try another --port, or 0"
        ) from error


def _in_url(host: str) -> str:
    return f"[{host.strip('[]')}]" if ":" in host else host
