"""Files of every kind in, drafts of documents out.

Every reader module has `read(file, options)`, which yields drafts, what it sets aside, and (as plain strings) what it
guessed. It may raise EvidenceError: the text is then the reason why the whole file is set aside, so it does not repeat
the file's name.
"""

from corpus.read.options import File, Options, Source

__all__ = ["File", "Options", "Source"]
