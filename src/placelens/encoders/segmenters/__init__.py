"""Networks of a user's own that tell the classes of an image's pixels, and what becomes of these."""
