"""Rehearsal: a whole year of cycles on a fake clock, in a folder of its own, through the product's own functions.

``year.rehearse`` plays it; ``behaviour`` says who does what when, ``outcome`` what it came to.
"""

from disclosure.simulation.behaviour import Behaviour, load_behaviour
from disclosure.simulation.outcome import RehearsalReport
from disclosure.simulation.year import rehearse

__all__ = ["Behaviour", "RehearsalReport", "load_behaviour", "rehearse"]
