"""The catalogue of misconceptions and of correct variants, one file per component."""
from collections import namedtuple
W=namedtuple("W","name sentence functions")
def misconceptions(component): return []
