# The part of google-re2 that is used here; it ships no types of its own.

from enum import Enum
from typing import AnyStr

class error(Exception): ...

class Options:
    class Encoding(Enum):
        LATIN1 = ...

    encoding: Encoding
    log_errors: bool
    max_mem: int
    never_capture: bool

class _Regexp:
    def search(self, text: str | bytes) -> object | None: ...

class Set:
    @classmethod
    def SearchSet(cls, options: Options | None = ...) -> Set: ...
    def Add(self, pattern: str) -> int: ...
    def Compile(self) -> None: ...
    def Match(self, text: str | bytes) -> list[int] | None: ...

def compile(pattern: str | bytes, options: Options | None = ...) -> _Regexp: ...  # noqa: A001
def escape(pattern: AnyStr) -> AnyStr: ...
