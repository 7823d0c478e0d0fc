"""A server under load while another process writes; see `tests.soak.__main__`."""
