"""Where in a photo are the things that a sentence names?

    python examples/point_at_words.py harbour.jpg "a red boat on the calm lake"

Prints, for each phrase of the sentence, how much each of 7 x 7 regions adds to the similarity.
"""

import sys

import numpy as np

from placelens.encoders import load_encoder
from placelens.readers.images import decode

SHADES = " .:-=+*#%@"


def main(path: str, sentence: str) -> None:
    encoder = load_encoder("lite")
    pixels = decode(path, encoder.image_spec).pixels[None]
    image = encoder.encode_regions(pixels)
    (text,) = encoder.encode_phrases([sentence])
    print(f"similarity {image.vectors[0] @ text.vector:.3f}, of which")
    for (start, end), phrase in zip(text.spans, text.phrases, strict=True):
        shares = image.regions[0] @ phrase
        print(f"{shares.sum():+.3f} {sentence[start:end]}")
        levels = np.clip(shares / max(shares.max(), 1e-9), 0, 1) * (len(SHADES) - 1)
        for row in levels.round().astype(int):
            print("    " + "".join(2 * SHADES[level] for level in row))
    print(f"{image.vectors[0] @ text.rest:+.3f} the words between")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
