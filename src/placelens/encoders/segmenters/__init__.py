"""Networks of a user's own that tell the classes of an image's pixels, and class maps of them."""
