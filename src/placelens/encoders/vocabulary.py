"""Words for what pictures show, in one word or two: things, people, places, weather, sports.

Chosen by hand, for what photos and aerial images are of; a feature made with others would have
another fingerprint.
"""

from __future__ import annotations

_WORDS = """
person man woman child baby boy girl crowd couple family face hand hair beard dog puppy cat kitten
horse cow sheep goat pig bird duck goose chicken pigeon seagull swan eagle owl elephant bear lion
tiger zebra giraffe deer monkey rabbit squirrel fish turtle snake butterfly bee spider camel car
taxi truck bus van tram train bicycle motorcycle scooter boat ship sailboat canoe kayak ferry
airplane helicopter tractor wheelchair stroller street road path sidewalk crosswalk bridge tunnel
stairs railway highway parking house building skyscraper tower castle church cathedral temple mosque
barn cabin tent hut lighthouse windmill fountain statue monument ruins arch gate fence wall roof
door window balcony column bench lamp tree forest palm bush flower rose tulip sunflower grass meadow
field garden park leaf log vineyard mountain hill cliff rock canyon volcano glacier desert dune cave
valley sea beach sand wave lake river stream waterfall pool pond harbor pier marina island sky cloud
sunset sunrise rainbow moon star fog snow ice rain lightning night fire smoke fireworks candle
balloon kite flag ball football soccer basketball baseball tennis volleyball golf hockey frisbee
surfboard skateboard snowboard ski sled skate swing slide trampoline climbing swimming running
jumping dancing fishing hiking diving hat cap helmet glasses sunglasses scarf dress skirt suit
uniform shirt jacket coat costume mask tie shoe backpack bag suitcase umbrella table chair couch bed
desk shelf mirror curtain carpet kitchen bathroom bedroom bathtub sink toilet oven refrigerator
clock vase book newspaper television computer laptop keyboard phone camera food bread cake pizza
sandwich burger salad soup fruit apple banana orange strawberry vegetable carrot broccoli meat
cheese egg coffee wine beer bottle cup glass plate bowl knife fork spoon guitar piano drum violin
microphone stage concert market shop restaurant bar stadium playground school graveyard station
airport runway factory warehouse greenhouse farmland storage_tank roundabout intersection
baseball_field tennis_court swimming_pool golf_course solar_panel wind_turbine container crane
construction quarry sign poster graffiti painting sculpture toy doll teddy robot rope ladder bucket
basket box barrel wheel tire
"""
WORDS: tuple[str, ...] = tuple(word.replace("_", " ") for word in _WORDS.split())
