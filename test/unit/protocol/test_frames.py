"""Frames: however the bytes arrive, the same frames come out."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.errors import InvalidReceiveError
from kafka.protocol.frames import (
    FIRST_STEP,
    LARGEST_STEP,
    MOST_SPARE_BYTES,
    MOST_SPARES,
    SMALL_FRAME,
    FrameBuffer,
)

LIMIT = 100_000_000


def framed(payload):
    return struct.pack(">i", len(payload)) + payload


def feed(buffer, data, chunk):
    """Write *data* as a transport would, at most *chunk* bytes at a time."""
    frames = []
    view = memoryview(data)
    while view:
        room = buffer.get_buffer(-1)
        count = min(len(room), len(view), chunk)
        room[:count] = view[:count]
        frames += buffer.buffer_updated(count)
        view = view[count:]
    return frames


@given(
    sizes=st.lists(
        st.one_of(st.integers(4, 300), st.integers(SMALL_FRAME - 3, SMALL_FRAME + 300)), max_size=6
    ),
    chunk=st.integers(1, 200_000),
)
def test_frames_do_not_depend_on_how_the_bytes_arrive(sizes, chunk):
    payloads = [bytes([index]) * size for index, size in enumerate(sizes)]
    chunk = max(chunk, sum(sizes) // 500)
    assert feed(FrameBuffer(LIMIT), b"".join(map(framed, payloads)), chunk) == payloads


def test_small_frames_are_copies_and_large_ones_views_that_nothing_else_writes_to():
    buffer = FrameBuffer(LIMIT)
    small, large = bytes(SMALL_FRAME), bytes(SMALL_FRAME + 1)
    frames = feed(buffer, framed(small) + framed(large) + framed(b"\1" * 50_000), 70_000)
    assert [type(frame) for frame in frames] == [bytes, memoryview, bytes]
    assert frames[1].readonly
    assert frames[1] == large


def test_a_very_large_frame_arrives_whole():
    payload = bytes(range(256)) * 20_000
    assert feed(FrameBuffer(LIMIT), framed(payload) + framed(b"next"), 300_000) == [
        payload,
        b"next",
    ]


def test_memory_follows_the_bytes_that_arrive_not_the_size_announced():
    buffer = FrameBuffer(2**31 - 1)
    feed(buffer, struct.pack(">i", 2**31 - 1) + bytes(100), 1000)
    arrived = 100
    while arrived < 5 * FIRST_STEP:
        room = buffer.get_buffer(-1)
        assert len(room) <= min(max(arrived, FIRST_STEP), LARGEST_STEP)
        buffer.buffer_updated(len(room))
        arrived += len(room)


@pytest.mark.parametrize("size", [-1, 0, 3, 1001, 2**31 - 1])
def test_a_size_out_of_bounds_is_an_error_at_once(size):
    buffer = FrameBuffer(1000)
    with pytest.raises(InvalidReceiveError, match=f"frame of {size} bytes"):
        feed(buffer, struct.pack(">i", size), 4)


def test_the_largest_allowed_frame_passes():
    assert feed(FrameBuffer(1000), framed(bytes(1000)), 5000) == [bytes(1000)]


def test_the_repr_tells_what_is_waiting():
    buffer = FrameBuffer(LIMIT)
    size = struct.pack(">i", 70_000)
    feed(buffer, size[:2], 2)
    assert repr(buffer) == "<FrameBuffer 2 bytes>"
    feed(buffer, size[2:] + b"abc", 5)
    assert repr(buffer) == "<FrameBuffer 3 of 70000 bytes>"


def test_a_size_reached_before_is_believed_the_next_time():
    buffer = FrameBuffer(2**31 - 1)
    payload = bytes(3 * FIRST_STEP)
    feed(buffer, framed(payload), 300_000)
    feed(buffer, struct.pack(">i", len(payload)), 4)
    assert len(buffer.get_buffer(-1)) == len(payload)


def large_frame(buffer, size, fill=b"x"):
    (frame,) = feed(buffer, framed(fill * size), 300_000)
    return frame


def test_a_buffer_is_used_again_once_nobody_looks_at_its_frame():
    buffer = FrameBuffer(LIMIT)
    first = large_frame(buffer, 100_000)
    block = first.obj
    del first
    assert large_frame(buffer, 99_000, b"y").obj is block


def test_a_frame_stays_what_it_is_while_anybody_looks_at_a_part_of_it():
    buffer = FrameBuffer(LIMIT)
    parts = [large_frame(buffer, 100_000, bytes([n]))[n : n + 2] for n in range(10)]
    assert parts == [bytes([n, n]) for n in range(10)]


def test_buffers_are_not_kept_after_a_small_frame():
    buffer = FrameBuffer(LIMIT)
    block = large_frame(buffer, 100_000).obj
    feed(buffer, framed(b"small"), 100)
    assert large_frame(buffer, 100_000).obj is not block


def test_no_more_buffers_are_kept_than_are_of_use():
    buffer = FrameBuffer(LIMIT)
    frames = [large_frame(buffer, 100_000) for _ in range(MOST_SPARES + 1)]
    blocks = [frame.obj for frame in frames]
    frames.clear()
    again = [large_frame(buffer, 100_000) for _ in blocks]
    reused = [frame.obj for frame in again if any(frame.obj is block for block in blocks)]
    assert len(reused) == MOST_SPARES


def test_a_buffer_above_the_limit_is_not_kept():
    buffer = FrameBuffer(LIMIT)
    block = large_frame(buffer, MOST_SPARE_BYTES + 1).obj
    assert large_frame(buffer, MOST_SPARE_BYTES).obj is not block


def test_a_buffer_that_is_too_small_is_not_used_for_a_larger_frame():
    buffer = FrameBuffer(LIMIT)
    large_frame(buffer, 100_000)
    assert large_frame(buffer, 200_000) == b"x" * 200_000


def test_a_buffer_that_is_far_too_large_is_not_used_for_a_smaller_frame():
    buffer = FrameBuffer(LIMIT)
    block = large_frame(buffer, 300_000).obj
    assert large_frame(buffer, 100_000).obj is not block


def test_rest_of_a_large_frame_is_where_it_goes_on():
    buffer = FrameBuffer(LIMIT)
    data = framed(bytes(range(256)) * 4096)
    assert feed(buffer, data[:100_000], 70_000) == []
    rest = buffer.rest
    assert len(rest) == len(data) - 100_000
    rest[:] = data[100_000:]
    assert buffer.buffer_updated(len(rest)) == [data[4:]]


def test_small_frames_and_whole_ones_have_no_rest():
    buffer = FrameBuffer(LIMIT)
    feed(buffer, framed(b"small")[:6], 100)
    before = len(buffer.rest)
    feed(buffer, framed(b"small")[6:] + framed(bytes(200_000)), 70_000)
    assert (before, len(buffer.rest)) == (0, 0)


def test_rest_of_a_frame_that_may_be_a_lie_is_as_long_as_its_room():
    buffer = FrameBuffer(LIMIT)
    feed(buffer, framed(bytes(5 * FIRST_STEP))[:100_000], 70_000)
    assert len(buffer.rest) == FIRST_STEP - 100_000 + 4


def test_sizes_that_are_allowed_may_change_between_frames():
    buffer = FrameBuffer(1000)
    buffer.limit(10, 0)
    assert feed(buffer, framed(b""), 99) == [b""]
    with pytest.raises(InvalidReceiveError, match="0 to 10"):
        feed(buffer, framed(bytes(11)), 99)
    again = FrameBuffer(10)
    again.limit(1000)
    assert feed(again, framed(bytes(11)), 99) == [bytes(11)]
    with pytest.raises(InvalidReceiveError, match="4 to 1000"):
        feed(again, framed(b""), 99)
