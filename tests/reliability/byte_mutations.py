"""Mutations of any file's bytes."""

from random import Random


def mutated_bytes(rng: Random, data: bytes) -> bytes:
    """Return bytes of which some are flipped, cut off, left out, doubled or made the same."""
    at = rng.randint(0, len(data))
    length = rng.choice([1, 2, 7, 64])
    match rng.randrange(6):
        case 0:
            changed = bytearray(data)
            for _ in range(min(length, len(data))):
                changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            return bytes(changed)
        case 1:
            return data[:at]
        case 2:
            return data[:at] + data[at + length :]
        case 3:
            return data[:at] + data[at : at + length] * 2 + data[at + length :]
        case 4:
            return data[:at] + bytes(len(data[at : at + length])) + data[at + length :]
    return data[:at] + rng.randbytes(length) + data[at:]
