# The part of google-re2 that is used here; it ships no types of its own.

class error(Exception): ...

class Options:
    log_errors: bool

class _Regexp:
    def search(self, text: str) -> object | None: ...

def compile(pattern: str, options: Options | None = ...) -> _Regexp: ...  # noqa: A001
