"""The one error a user can put right."""


class EvidenceError(Exception):
    """Something the user can put right: its text says what was given, where, and what to do."""
