"""Names of what photos show, for asking an encoder in one word."""

_NOUNS = """
dog child boy girl beach bicycle ball snow water grass horse car boat guitar tree street hat
mountain rock bench football soccer skateboard swing pool wave motorcycle fence sand river lake
bridge building camera cat bird umbrella tent ski snowboard basketball tennis baseball slide couch
bed table chair food drink crowd stage flower field forest dirt puddle toy stick sign
"""
NOUNS = _NOUNS.split()
