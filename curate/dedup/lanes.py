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
"""Rows that one block comparison covers; code arrays are padded by as many."""

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
    """Compare code `i` of `a` with the `LANES` codes of `b` from `j`.

    Args:
        typing: numba's typing context.
        a: Codes, shape (words, rows) uint64, C order.
        i: Row of `a`.
        b: Codes in the same form.
        j: First row of `b`; `LANES` rows must be readable.
        radius: Largest distance that counts, uint64.
        words: A tuple whose length, part of its type, is the number of words.

    Returns:
        A uint64 whose bit k is set where row `j + k` lies within the radius.
    """
    count = len(words)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        left = context.make_array(signature.args[0])(context, builder, args[0])
        right = context.make_array(signature.args[2])(context, builder, args[2])

        def address(array: Any, word: int, row: Any) -> Any:
            start = builder.ptrtoint(array.data, _U64)
            stride = _build.unpack_tuple(builder, array.strides)[0]
            offset = builder.add(
                builder.mul(stride, ir.Constant(_U64, word)),
                builder.mul(row, ir.Constant(_U64, 8)),
            )
            return builder.add(start, offset)

        def splat(value: Any) -> Any:
            one = builder.insert_element(
                ir.Constant(_VECTOR, ir.Undefined), value, ir.Constant(ir.IntType(32), 0)
            )
            lanes = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
            return builder.shuffle_vector(one, ir.Constant(_VECTOR, ir.Undefined), lanes)

        counter = _build.get_or_insert_function(
            builder.module, ir.FunctionType(_VECTOR, [_VECTOR]), f"llvm.ctpop.v{LANES}i64"
        )
        total = None
        for word in range(count):
            one = builder.inttoptr(address(left, word, args[1]), ir.PointerType(_U64))
            many = builder.inttoptr(address(right, word, args[3]), ir.PointerType(_VECTOR))
            block = builder.load(many, align=8)
            apart = builder.call(counter, [builder.xor(block, splat(builder.load(one)))])
            total = apart if total is None else builder.add(total, apart)
        near = builder.icmp_unsigned("<=", total, splat(args[4]))
        return builder.zext(builder.bitcast(near, ir.IntType(LANES)), _U64)

    signature = types.uint64(a, types.int64, b, types.int64, types.uint64, words)
    return signature, emit


# Named again, because numba's own types do not know that an intrinsic loses its first argument.
popcount: Any = intrinsic(_popcount)
lowest_bit: Any = intrinsic(_lowest_bit)
near_mask: Any = intrinsic(_near_mask)
