"""The classes in the pickles of the shapes. A module of its own, because a pickle names it."""

import collections
import dataclasses
import enum


class Color(enum.Enum):
    RED = 1
    GREEN = 2


@dataclasses.dataclass
class Item:
    sku: str
    qty: int
    price: float


@dataclasses.dataclass
class Order:
    id: int
    items: list
    note: object
    color: Color


Triple = collections.namedtuple("Triple", "a b c")


class Slots:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __eq__(self, other):
        return (self.x, self.y) == (other.x, other.y)
