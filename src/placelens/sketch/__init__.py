"""Search by a painted class map: what is to be seen, and where in the picture.

After Furuta, Inoue and Yamasaki, "Efficient and Interactive Spatial-Semantic Image Retrieval"
(2018). `painting` is what somebody paints, in the colours of `placelens.encoders.palette`;
`distance` the paper's distances as they are printed, `term` what the engine asks, with its bounds
from `summary`; `quantized` the small mode, by the codes of `placelens.encoders.map_quantizer`.
"""
