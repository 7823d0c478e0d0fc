"""Common spaces of images and texts, learnt from pairs and labels: CoSMat and its rivals.

Estimators in the manner of scikit-learn, over two views of the same things: ``fit(X_image, X_text,
y)``, ``transform_image``, ``transform_text``; row i of both views shows one thing. ``embed_image``
and ``embed_text`` give unit vectors whose products are what retrieval ranks by. Features of the
paper come from ``LdaTopics`` and ``BagOfWords`` (texts), ``VisualWords`` and ``NetworkFeatures``
(images); any others will do, those of ``EncoderFeatures`` too.
"""

from placelens.alignment.bag_of_words import BagOfWords
from placelens.alignment.concepts import concepts_of
from placelens.alignment.corr_proj import CanonicalCorrelation, CorrProj
from placelens.alignment.cosmat import CoSMat
from placelens.alignment.extractor import FeatureExtractor
from placelens.alignment.from_labels import ConceptFit, LabelledVectors, fit_concepts
from placelens.alignment.gma import GeneralizedMultiviewAnalysis
from placelens.alignment.lda_topics import LdaTopics
from placelens.alignment.logs_tran import LogsTran
from placelens.alignment.network_features import EncoderFeatures, NetworkFeatures
from placelens.alignment.semantic_matching import SemanticMatching
from placelens.alignment.two_view import TwoViewEstimator
from placelens.alignment.visual_words import VisualWords

__all__ = [
    "BagOfWords",
    "CanonicalCorrelation",
    "CoSMat",
    "ConceptFit",
    "CorrProj",
    "EncoderFeatures",
    "FeatureExtractor",
    "GeneralizedMultiviewAnalysis",
    "LabelledVectors",
    "LdaTopics",
    "LogsTran",
    "NetworkFeatures",
    "SemanticMatching",
    "TwoViewEstimator",
    "VisualWords",
    "concepts_of",
    "fit_concepts",
]
