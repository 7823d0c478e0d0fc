"""Why a picture fits: which phrase is which part of it, and what each made of the score.

Exact for encoders whose regions sum to an image's vector and whose phrases sum to a text's, since
then every cosine is a sum over pairs of both. `pointing` finds where a phrase is, `pointed` is the
term of a query that tells it, `regions` where an item's regions come from, `objects` which of the
things that a detector found a phrase means, `keyphrases` which phrases of a long text count.
"""
