"""Made-up registers of any size: the same for the same (n, seed, as_of) on any machine, told in chunks."""

from models.synthetic.population import Chunk, generate
from models.synthetic.world import World

__all__ = ["Chunk", "World", "generate"]
