"""Collections on disk: the manifest, the item table on Lance, and its versions in memory."""
