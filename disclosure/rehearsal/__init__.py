"""Rehearsal: a whole year of cycles on a fake clock, in a folder of its own, through the product's own functions.

``year.rehearse`` plays it; ``behaviour`` says who does what when, ``outcome`` what it came to.
"""

from disclosure.rehearsal.behaviour import Behaviour, load_behaviour
from disclosure.rehearsal.outcome import Rehearsed
from disclosure.rehearsal.year import rehearse

__all__ = ["Behaviour", "Rehearsed", "load_behaviour", "rehearse"]
