"""Vector comparison of codes, and how curate's own loops are compiled.

numba has no word for counting bits, nor for vectors. These intrinsics write LLVM code for them:
comparing one code with eight becomes VPOPCNTQ where the processor has it, and table look-ups
(AVX2, NEON) or scalar counts elsewhere, without a second source.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils as _cgutils
from numba.core import types
from numba.extending import intrinsic

LANES = 8
"""Rows that one vector covers; code arrays are padded by as many."""

ROWS = 4
"""Rows that are compared with a vector at once."""

_U64 = ir.IntType(64)
_VECTOR = ir.VectorType(_U64, LANES)
_build: Any = _cgutils  # untyped, unlike the rest of numba


def compiled(function: Callable[..., Any]) -> Any:
    """Compile `function` on first use, without the GIL, cached on disk where that is possible.

    numba refuses to decorate when neither the package's folder nor the user's cache folder can
    be written (a read-only image): then every process compiles for itself.
    """
    try:
        return numba.njit(function, nogil=True, cache=True)
    except RuntimeError:
        return numba.njit(function, nogil=True)


def _popcount(typing: Any, value: Any) -> Any:  # noqa: ARG001
    """Count the set bits of a uint64."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), emit


def _lowest_bit(typing: Any, value: Any) -> Any:  # noqa: ARG001
    """Return the position of the lowest set bit of a uint64 that is not zero."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), emit


def _near_mask(typing: Any, a: Any, i: Any, b: Any, j: Any, radius: Any, words: Any) -> Any:  # noqa: ARG001
    """Compare `ROWS` codes of `a` from `i` with `LANES` codes of `b` from `j`.

    Several rows at once, so that the block of `b` is loaded once for all of them and one branch
    decides for all.

    Args:
        typing: numba's typing context.
        a: Codes, shape (words, rows) uint64, C order.
        i: First row of `a`; `ROWS` rows must be readable.
        b: Codes in the same form.
        j: First row of `b`; `LANES` rows must be readable.
        radius: Largest distance that counts, uint64.
        words: A tuple whose length, part of its type, is the number of words.

    Returns:
        A uint64 whose bit ``LANES * m + k`` is set where row ``i + m`` of `a` and row ``j + k``
        of `b` lie within the radius.
    """
    count = len(words)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds = signature.args
        blocks = [_load(context, builder, kinds[2], args[2], w, args[3]) for w in range(count)]
        limit = _splat(builder, args[4])
        counter = _build.get_or_insert_function(
            builder.module, ir.FunctionType(_VECTOR, [_VECTOR]), f"llvm.ctpop.v{LANES}i64"
        )
        mask = ir.Constant(_U64, 0)
        for m in range(ROWS):
            row = builder.add(args[1], ir.Constant(_U64, m))
            total = ir.Constant(_VECTOR, [0] * LANES)
            for word, block in enumerate(blocks):
                one = _load(context, builder, kinds[0], args[0], word, row, lanes=1)
                apart = builder.xor(block, _splat(builder, one))
                total = builder.add(total, builder.call(counter, [apart]))
            near = builder.icmp_unsigned("<=", total, limit)
            bits = builder.zext(builder.bitcast(near, ir.IntType(LANES)), _U64)
            mask = builder.or_(mask, builder.shl(bits, ir.Constant(_U64, LANES * m)))
        return mask

    signature = types.uint64(a, types.int64, b, types.int64, types.uint64, words)
    return signature, emit


def _load(
    context: Any, builder: Any, kind: Any, array: Any, word: int, row: Any, *, lanes: int = LANES
) -> Any:
    """Load one word of `lanes` rows of an array of shape (words, rows)."""
    view = context.make_array(kind)(context, builder, array)
    stride = _build.unpack_tuple(builder, view.strides)[0]
    offset = builder.add(
        builder.mul(stride, ir.Constant(_U64, word)), builder.mul(row, ir.Constant(_U64, 8))
    )
    address = builder.add(builder.ptrtoint(view.data, _U64), offset)
    target = _U64 if lanes == 1 else _VECTOR
    return builder.load(builder.inttoptr(address, ir.PointerType(target)), align=8)


def _splat(builder: Any, value: Any) -> Any:
    """Return a vector with `value` in every lane."""
    undefined = ir.Constant(_VECTOR, ir.Undefined)
    first = builder.insert_element(undefined, value, ir.Constant(ir.IntType(32), 0))
    lanes = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(first, undefined, lanes)


# Named again, because numba's own types do not know that an intrinsic loses its first argument.
popcount: Any = intrinsic(_popcount)
lowest_bit: Any = intrinsic(_lowest_bit)
near_mask: Any = intrinsic(_near_mask)
