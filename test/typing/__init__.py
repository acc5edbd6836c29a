"""Programs for type checkers: one that is right, one with mistakes to find.

``python -m tools.typing_check`` runs the checkers on them.
"""
