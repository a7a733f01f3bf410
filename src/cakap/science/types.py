"""Names for the arrays that everything here speaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Categories = NDArray[np.int8]
MISSING = -1
