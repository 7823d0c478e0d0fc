"""Networks of a user's own that find objects in images, and the boxes of these."""
