"""How well an encoder ties images to texts: one metric a file, pairs, splits, one report."""

from placelens.evaluation.average_precision import mean_average_precision
from placelens.evaluation.ceiling import best_ranks
from placelens.evaluation.mean_recall import mean_recall
from placelens.evaluation.ndcg import ndcg_at_k
from placelens.evaluation.pairs import Pair, read_pairs
from placelens.evaluation.prepared import prepared_blocks
from placelens.evaluation.ranks import Captions, image_to_text_ranks, text_to_image_ranks
from placelens.evaluation.recall import recall_at_k
from placelens.evaluation.retrieval import encode_pairs, evaluate_pairs, recalls, report_of
from placelens.evaluation.splits import Splits, content_hash, select_pairs

__all__ = [
    "Captions",
    "Pair",
    "Splits",
    "best_ranks",
    "content_hash",
    "encode_pairs",
    "evaluate_pairs",
    "image_to_text_ranks",
    "mean_average_precision",
    "mean_recall",
    "ndcg_at_k",
    "prepared_blocks",
    "read_pairs",
    "recall_at_k",
    "recalls",
    "report_of",
    "select_pairs",
    "text_to_image_ranks",
]
