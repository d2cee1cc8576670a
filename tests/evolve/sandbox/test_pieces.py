"""Layouts, messages and shared memory."""

from __future__ import annotations

import mmap
import os
import socket

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from nashforge.evolve.sandbox import wire
from nashforge.evolve.sandbox.layout import Layout, Outbox
from nashforge.evolve.sandbox.memory import SharedRegion, _temporary

specs = st.lists(
    st.tuples(
        npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5),
        st.sampled_from(["<f8", "<f4", "<i4", "|b1"]),
    ),
    max_size=6,
)


@given(specs, st.integers(0, 200))
def test_arrays_do_not_overlap(shapes: list[tuple[tuple[int, ...], str]], header: int) -> None:
    layout = Layout([(f"a{i}", shape, dtype) for i, (shape, dtype) in enumerate(shapes)], header)
    buffer = np.zeros(layout.size, np.uint8)
    views = layout.views(buffer)
    for view in views.values():
        view.view(np.uint8) if view.ndim else None
        before = int(buffer.sum(dtype=np.int64))
        view[...] = 1
        ones = np.frombuffer(np.ones((), view.dtype).tobytes(), np.uint8).sum(dtype=np.int64)
        assert int(buffer.sum(dtype=np.int64)) == before + view.size * int(ones)
    assert not buffer[:header].any()
    assert [(v.shape, v.dtype.str) for v in views.values()] == [(s, np.dtype(d).str) for s, d in shapes]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([("a", (1,), "O")], "dtype 'O'"),
        ([("a", (1,), "<U4")], "dtype '<U4'"),
        ([("a", (-1,), "<f8")], "negative"),
        ([("a", (1,), "<f8"), ("a", (2,), "<f8")], "'a' occurs twice"),
    ],
)
def test_bad_layouts(bad: list[tuple[str, tuple[int, ...], str]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Layout(bad)


@given(npst.arrays(np.float64, st.integers(0, 40), elements=st.floats(width=64)))
def test_finiteness_is_exact(values: np.ndarray) -> None:
    outbox = Outbox({"x": values})
    into: dict[str, np.ndarray] = {}
    wrong = outbox.collect(outbox.slots(["x"]), into)
    assert (wrong is None) == bool(np.isfinite(values).all())
    if wrong is None:
        np.testing.assert_array_equal(into["x"], values)


def test_finiteness_of_long_vectors() -> None:
    values = np.full(100_000, 1e300)
    outbox = Outbox({"x": values})
    assert outbox.collect(outbox.slots(None), {}) is None
    values[77_777] = np.nan
    wrong = outbox.collect(outbox.slots(None), {})
    assert wrong is not None
    assert "1 of 100000 entries" in wrong
    assert "[77777]" in wrong


@given(st.integers(-(2**63), 2**63 - 1))
def test_no_number_from_a_program_confuses(number: int) -> None:
    kind, length = wire.unpack_reply(number)
    assert 0 <= kind <= 255
    assert 0 <= length <= wire.MAX_TEXT


@given(st.sampled_from(list(wire.Kind)), st.text(max_size=9000))
def test_replies_fit_into_one_atomic_write(kind: wire.Kind, text: str) -> None:
    data = wire.pack_reply(kind, text)
    assert len(data) <= 4096
    assert wire.unpack_reply(wire.NUMBER.unpack(data[:8])[0]) == (kind, len(data) - 8)


def test_control_messages_carry_descriptors() -> None:
    a, b = socket.socketpair()
    with a, b:
        read, write = os.pipe()
        wire.send(a, {"text": "x" * 5000}, [write])
        message, received = wire.receive(b, 3)
        assert message == {"text": "x" * 5000}
        os.write(received[0], b"through")
        assert os.read(read, 10) == b"through"
        for descriptor in (read, write, *received):
            os.close(descriptor)
        a.close()
        with pytest.raises(EOFError):
            wire.receive(b)


def test_sealed_regions() -> None:
    region = SharedRegion(8192, readonly=True)
    region.map[:5] = b"hello"
    with pytest.raises(PermissionError):
        mmap.mmap(region.descriptor, 8192)
    with pytest.raises(PermissionError):
        os.pwrite(region.descriptor, b"x", 0)
    for size in (0, 1 << 20):
        with pytest.raises(PermissionError):
            os.ftruncate(region.descriptor, size)
    theirs = mmap.mmap(region.descriptor, 8192, prot=mmap.PROT_READ)
    region.map[:5] = b"world"
    assert theirs[:5] == b"world"
    region.close_descriptor()


def test_regions_without_sealed_memory() -> None:
    descriptor = _temporary(4096)
    mine, theirs = mmap.mmap(descriptor, 4096), mmap.mmap(descriptor, 4096, prot=mmap.PROT_READ)
    os.close(descriptor)
    mine[:2] = b"ab"
    assert theirs[:2] == b"ab"
