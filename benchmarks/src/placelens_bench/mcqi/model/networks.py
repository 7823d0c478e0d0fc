"""The networks of the paper's model: two of three layers each for both branches, and a captioner.

References
----------
K. Xu et al., "Show, Attend and Tell: Neural Image Caption Generation with Visual Attention", ICML
2015: the soft attention that the paper takes for its coarse-grained branch.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from placelens_bench.mcqi.model.sentences import PAD, START, UNKNOWN

# Of the common spaces and of the layers on the way to them (section 6.1).
WIDTH = 1024


def three_layers(dim: int, width: int = WIDTH) -> nn.Sequential:
    """Three fully connected layers by Xavier's start, without nonlinearity at the end."""
    layers = [nn.Linear(dim, width), nn.Linear(width, width), nn.Linear(width, width)]
    for layer in layers:
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2])


class Branches(nn.Module):
    """Phrases and regions to the fine space; sentences, made or told, to the coarse one.

    Unit vectors go in: their entries are brought to about unit variance first, as Xavier expects.
    """

    def __init__(self, dim: int, width: int = WIDTH) -> None:
        super().__init__()
        self.scale = dim**0.5
        self.of_phrases = three_layers(dim, width)
        self.of_regions = three_layers(dim, width)
        self.of_sentences = three_layers(dim, width)

    def phrases(self, vectors: Tensor) -> Tensor:
        """Unit vectors in the fine space, (..., width)."""
        return normalize(self.of_phrases(vectors * self.scale), dim=-1)

    def regions(self, vectors: Tensor) -> Tensor:
        """Unit vectors in the fine space, (..., width)."""
        return normalize(self.of_regions(vectors * self.scale), dim=-1)

    def sentences(self, vectors: Tensor) -> Tensor:
        """Unit vectors in the coarse space, (..., width)."""
        return normalize(self.of_sentences(vectors * self.scale), dim=-1)


class Captioner(nn.Module):
    """An LSTM that attends to a grid of feature vectors and says a sentence."""

    def __init__(self, dim: int, n_words: int, *, hidden: int = 256, embedding: int = 128) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_words, embedding, padding_idx=PAD)
        self.start = nn.Linear(dim, 2 * hidden)
        self.keys = nn.Linear(dim, hidden)
        self.query = nn.Linear(hidden, hidden)
        self.energy = nn.Linear(hidden, 1)
        self.cell = nn.LSTMCell(embedding + dim, hidden)
        self.dropout = nn.Dropout(0.3)
        self.words = nn.Linear(hidden + dim, n_words)

    def forward(self, features: Tensor, sentences: Tensor) -> Tensor:
        """Logits of the next words, (n, t - 1, n_words), told those before.

        Parameters
        ----------
        features
            (n, cells, dim).
        sentences
            (n, t) numbers of words, from START.
        """
        keys = self.keys(features)  # (n, cells, hidden)
        state = self._state(features)
        logits = []
        for words in sentences[:, :-1].unbind(1):
            state, seen, _ = self._step(features, keys, state, words)
            logits.append(self.words(self.dropout(torch.cat([state[0], seen], 1))))
        return torch.stack(logits, 1)

    @torch.no_grad()
    def say(self, features: Tensor, longest: int) -> tuple[Tensor, Tensor]:
        """The likeliest word after word, (n, longest), and where each looked, (n, longest, cells).

        Behind END nothing counts. Marks other than END are never said.
        """
        keys = self.keys(features)
        state = self._state(features)
        words = torch.full((len(features),), START)
        said, looked = [], []
        for _ in range(longest):
            state, seen, weights = self._step(features, keys, state, words)
            logits = self.words(torch.cat([state[0], seen], 1))
            logits[:, [PAD, START, UNKNOWN]] = -torch.inf
            words = logits.argmax(1)
            said.append(words)
            looked.append(weights)
        return torch.stack(said, 1), torch.stack(looked, 1)

    def _state(self, features: Tensor) -> tuple[Tensor, Tensor]:
        hidden, cell = torch.tanh(self.start(features.mean(1))).chunk(2, 1)
        return hidden, cell

    def _step(
        self, features: Tensor, keys: Tensor, state: tuple[Tensor, Tensor], words: Tensor
    ) -> tuple[tuple[Tensor, Tensor], Tensor, Tensor]:
        """The next state, what was seen (n, dim), and the weights of the cells (n, cells)."""
        energies = self.energy(torch.tanh(keys + self.query(state[0])[:, None])).squeeze(2)
        weights = torch.softmax(energies, 1)
        seen = (weights[:, None] @ features).squeeze(1)
        return self.cell(torch.cat([self.embedding(words), seen], 1), state), seen, weights
