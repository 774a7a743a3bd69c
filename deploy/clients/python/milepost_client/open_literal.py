"""`OpenLiteral["a", "b"]`: a type checker sees the codes of today, a decoder takes any text.

A newer server may send codes that this client has never heard of. They arrive as they are, so
`match` needs a last `case _`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Literal as OpenLiteral
else:

    class OpenLiteral:
        def __class_getitem__(cls, codes: object) -> type[str]:
            return str


__all__ = ["OpenLiteral"]
