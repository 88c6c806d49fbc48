"""Taking turns: who would only overtake each other wait for each other instead, as far as this process is concerned."""

from asyncio import Lock
from contextlib import AbstractAsyncContextManager, nullcontext
from weakref import WeakValueDictionary


class Turns:
    """One at a time for each key, in the order of arrival. Nothing is promised by it: another process knows nothing of it, so
    what is written must hold without."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, Lock] = WeakValueDictionary()

    def of(self, key: str | None) -> AbstractAsyncContextManager[None]:
        """Wait for who came before with the same key; for nobody where there is none."""
        if key is None:
            return nullcontext()
        lock = self._locks.get(key)  # it lives as long as somebody waits for it or has it
        if lock is None:
            lock = self._locks[key] = Lock()
        return lock
