"""The MCQI paper's own model: trained on cached features, measured beside its rivals.

`material` reads what is learnt from, `mil`, `networks` and `learn` need torch, all else does not.
"""
