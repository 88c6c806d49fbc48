"""How much each key may ask for: a bucket of objects per key, in the memory of one process."""

import time
from collections import OrderedDict

from regulars_core.primitives.errors import RateLimited

_MAX_KEYS = 10_000
MIN_COST = 1
"""What a request costs that asks for no object at all, or that cannot be read."""


class Buckets:
    """Buckets of `capacity` objects that fill again at `restore` objects a second. Those of keys that have not asked for
    the longest time are forgotten, which fills them."""

    def __init__(self, capacity: int, restore: int) -> None:
        self.capacity, self.restore = capacity, restore
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key_id: str, cost: int) -> None:
        """Take the cost out of a key's bucket. Raises RateLimited if there is less in it, and takes nothing then."""
        present = time.monotonic()
        left = self._level(key_id, present)
        cost = max(cost, MIN_COST)
        if cost > left:
            raise RateLimited((cost - left) / self.restore)
        self._leave(key_id, left - cost, present)

    def surcharge(self, key_id: str, cost: int) -> None:
        """Take what was done already out of a key's bucket, though there may be less in it: then it waits until it has filled."""
        present = time.monotonic()
        self._leave(key_id, self._level(key_id, present) - cost, present)

    def _leave(self, key_id: str, left: float, present: float) -> None:
        self._left[key_id] = (left, present)
        self._left.move_to_end(key_id)
        if len(self._left) > _MAX_KEYS:
            self._left.popitem(last=False)

    def remaining(self, key_id: str) -> int:
        """The objects that a key may ask for at this moment."""
        return max(0, int(self._level(key_id, time.monotonic())))

    def _level(self, key_id: str, present: float) -> float:
        left, since = self._left.get(key_id, (float(self.capacity), present))
        return min(float(self.capacity), left + (present - since) * self.restore)
