"""Random numbers that are the same to the last bit on every machine and with every version of numpy.

Only the raw 64-bit words of numpy's PCG64 and its seeding are used, whose streams numpy promises to keep; all
else is made of them by additions, multiplications and divisions, which IEEE 754 rounds alike everywhere. The
generator of a game is seeded by ``SeedSequence([seed, CRC-32 of the generator's name])``.
"""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_SUMMED = 12
"""Uniform numbers in a sum whose variance is one."""


class Draws:
    """A stream of random numbers.

    Parameters
    ----------
    name
        Of the generator: two of them have different streams with the same seed.
    seed
    """

    def __init__(self, name: str, seed: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode())]))

    def uniform(self, *shape: int) -> Floats:
        """Return numbers in [0, 1): the upper 53 bits of a word each, times 2**-53."""
        words = np.asarray(self._bits.random_raw(int(np.prod(shape))), dtype=np.uint64)
        return ((words >> np.uint64(11)).astype(np.float64) * 2.0**-53).reshape(shape)

    def integers(self, least: int, most: int, *shape: int) -> Integers:
        """Return whole numbers from least to most: of each uniform number the share of the range, cut off."""
        return least + np.floor(self.uniform(*shape) * (most - least + 1)).astype(np.int64)

    def bell(self, *shape: int) -> Floats:
        """Return numbers of mean 0 and variance 1, nearly normal: sums of twelve uniform numbers, less 6."""
        total = self.uniform(*shape)
        for _ in range(_SUMMED - 1):
            total = total + self.uniform(*shape)
        return total - _SUMMED / 2
