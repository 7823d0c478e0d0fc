"""Who may change what the server of the `server` fixture serves."""

RUN = "placelens_of_this_run"
WRITER = {"authorization": f"Bearer {RUN}"}
