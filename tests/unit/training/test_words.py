"""Words of captions, told without a network."""

from types import SimpleNamespace

import numpy as np

from placelens.training.words import words_of


class Numbered:
    """In place of MiniLM: the n-th text is the n-th unit vector."""

    def encode(self, texts: list[str]) -> np.ndarray:
        return np.eye(len(texts))


def test_words_are_those_of_enough_images_without_stop_words() -> None:
    captions = [("Two dogs in the snow .", "The dogs run")] * 6 + [("A dog .", "grass")] * 6
    captions += [("The glass is on a table .",)] * 9
    material = SimpleNamespace(pairs=[SimpleNamespace(captions=each) for each in captions])
    words = words_of(material, np.arange(len(captions)), Numbered())
    # A plural holds its singular, which 12 images have then; all else is of fewer than 10.
    assert words.vectors.shape == (1, 1)
    assert [own.tolist() for own in words.named] == [[0]] * 12 + [[]] * 9
    few = words_of(material, np.arange(3), Numbered())
    assert few.vectors.shape[0] == 0
