"""Features as they stand in the database: packed and sealed for their own row."""

from __future__ import annotations

import msgspec

from ibr.identity.model import Appearance, Features
from ibr.protection.seal import Sealer, place_of

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Features)


def packed(features: Features) -> bytes:
    """Features as bytes; the same features give the same bytes."""
    return _encoder.encode(features)


def unpacked(content: bytes) -> Features:
    return _decoder.decode(content)


def place_of_features(appearance: Appearance) -> bytes:
    """Where the sealed features of an appearance stand."""
    row = appearance.record_id.to_bytes(8, "big", signed=True)
    return place_of("appearance", "features", row + appearance.appearance_no.to_bytes(2, "big"))


def open_features(sealer: Sealer, appearance: Appearance, sealed: bytes) -> Features:
    """The features of one row; Unavailable where they were moved or changed."""
    return unpacked(sealer.open(sealed, place_of_features(appearance)))
