"""The demo: the whole job on NASA's Blue Marble, without a network."""
