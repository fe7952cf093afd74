"""The class whose instances the workload `instances` holds.

A module of its own so that its name in the pickles is `benchdata.Particle` whoever writes or reads them.
"""


class Particle:
    def __init__(self, ident, label, x, y, alive):
        self.ident = ident
        self.label = label
        self.x = x
        self.y = y
        self.alive = alive

    def __eq__(self, other):
        return type(other) is Particle and self.__dict__ == other.__dict__

    __hash__ = None
