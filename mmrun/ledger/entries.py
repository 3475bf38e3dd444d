"""Fills as ledger entries: what each did to size, cash, edge and fees.

    (side, price, size, mid, fee) -> Entries(signed_size, price, mid, fee, multiplier)

An entry is one fill; everything else about it is derived. Money is quote currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Entries:
    """One row a fill, in time order; all arrays have shape (fills,)."""

    signed_size: Floats  #: instrument units; buys positive, sells negative
    price: Floats  #: quote currency; of inverse contracts -1/price, in coin
    mid: Floats  #: the mid that marked the inventory at the fill, likewise
    fee: Floats  #: money; cost positive, rebate negative
    multiplier: float  #: money per price unit and size unit

    def __len__(self) -> int:
        """How many fills."""
        return len(self.price)

    @property
    def value(self) -> Floats:
        """Money traded by each fill, positive."""
        return np.abs(self.signed_size * self.price) * self.multiplier

    @property
    def cash(self) -> Floats:
        """Money received by each fill, fees not included; a buy's is negative."""
        return -self.signed_size * self.price * self.multiplier

    @property
    def edge(self) -> Floats:
        """Money each fill made against the mid: side·size·(mid - price)·multiplier."""
        return self.signed_size * (self.mid - self.price) * self.multiplier

    @property
    def position(self) -> Floats:
        """The position after each fill, instrument units."""
        return np.cumsum(self.signed_size)

    def since(self, start: int) -> Entries:
        """The entries from number `start` (from 0) on."""
        return Entries(
            self.signed_size[start:],
            self.price[start:],
            self.mid[start:],
            self.fee[start:],
            self.multiplier,
        )


def worth(price: Any, *, inverse: bool) -> Any:
    """What a unit is worth at a price: of an inverse contract -1/price, in coin.

    Bought at p and sold at q it makes 1/p - 1/q, and every sum of the ledger holds.
    """
    return -1.0 / price if inverse else price


def entries(
    fills: NDArray[Any], *, multiplier: float = 1.0, inverse: bool = False
) -> Entries:
    """Read an array of dtype `FILL`, shape (fills,), as ledger entries."""
    side = fills["side"].astype(np.float64)
    return Entries(
        signed_size=side * fills["size"],
        price=worth(fills["price"].astype(np.float64), inverse=inverse),
        mid=worth(fills["mid"].astype(np.float64), inverse=inverse),
        fee=fills["fee"].astype(np.float64),
        multiplier=multiplier,
    )
