"""The type parameters of the clients: what keys and values are.

Type checkers see defaults (PEP 696), which the ``typing`` module has from Python 3.13 on only; the
running program needs none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import TypeVar

    # What a consumer returns; without a deserializer that is bytes, or nothing.
    K_co = TypeVar("K_co", covariant=True, default=bytes | None)
    V_co = TypeVar("V_co", covariant=True, default=bytes | None)
    # What a producer takes: anything, if its serializer does not say it, as a lambda does not.
    K_contra = TypeVar("K_contra", contravariant=True, default=Any)
    V_contra = TypeVar("V_contra", contravariant=True, default=Any)
else:
    from typing import TypeVar

    K_co = TypeVar("K_co", covariant=True)
    V_co = TypeVar("V_co", covariant=True)
    K_contra = TypeVar("K_contra", contravariant=True)
    V_contra = TypeVar("V_contra", contravariant=True)

__all__ = ["K_co", "K_contra", "V_co", "V_contra"]
