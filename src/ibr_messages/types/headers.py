"""The envelope of a message: its two kinds of header, the encrypted form, and the envelope itself.

A message is `{"signature", "header", "message"}`; a file is announced by FileInfo.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ibr_messages.types.words import (
    Count,
    HeaderReasonCode,
    Message,
    Moment,
    ReasonMessage,
    RequestStatus,
    SystemId,
    Version,
)

HeaderT = TypeVar("HeaderT")
MessageT = TypeVar("MessageT")

MessageId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        description="New for every message and the same on every try to deliver it.",
    ),
]
SentAt = Annotated[Moment, Meta(description="The sender's clock; it puts news in order.")]
Action = Annotated[str, Meta(description="What the message is; each address expects its own.")]
SenderUri = Annotated[
    str,
    Meta(
        max_length=2000,
        description="Where answers are to be sent; registered beforehand, used as it stands.",
        extra_json_schema={"format": "uri"},
    ),
]
TotalCount = Annotated[Count, Meta(description="How many items the message holds.")]
CompletedCount = Annotated[Count, Meta(description="How many items are done, refused ones too.")]
Encrypted = Annotated[bool, Meta(description="Whether message is an EncryptedMessage.")]
# The members that the registry knows: cycle, sequence, purpose, subscription_code.
Metadata = Annotated[
    dict[str, Any],
    Meta(
        description="What those who pass the message on may see. Here: cycle (the period an "
        "update reports, 2026-10), sequence (its number within the period), purpose (why it is "
        "asked), subscription_code (which subscription a notification belongs to).",
    ),
]


class MsgHeader(Message, kw_only=True):
    """The header of a request."""

    version: Version = "1.0.0"
    message_id: MessageId
    message_ts: SentAt
    action: Action
    sender_id: SystemId
    sender_uri: SenderUri | UnsetType = UNSET
    receiver_id: SystemId | UnsetType = UNSET
    total_count: TotalCount
    is_msg_encrypted: Encrypted = False
    meta: Metadata = {}


class MsgCallbackHeader(Message, kw_only=True):
    """The header of an answer, a callback, a notification, and of an enrolment update."""

    version: Version = "1.0.0"
    message_id: MessageId
    message_ts: SentAt
    action: Action
    status: RequestStatus
    status_reason_code: HeaderReasonCode | UnsetType = UNSET
    status_reason_message: ReasonMessage | UnsetType = UNSET
    total_count: TotalCount
    completed_count: CompletedCount | UnsetType = UNSET
    sender_id: SystemId
    # The standard gives on-subscribe and on-unsubscribe the header of a request.
    sender_uri: SenderUri | UnsetType = UNSET
    receiver_id: SystemId | UnsetType = UNSET
    is_msg_encrypted: Encrypted = False
    meta: Metadata = {}


class EncryptedMessageHeader(Message, kw_only=True):
    """How a message was encrypted, and for which key."""

    alg: Annotated[str, Meta(description="RSA-OAEP-256 or ECDH-ES+A256KW, nothing else.")]
    enc: Annotated[str, Meta(description="A256GCM, nothing else.")]
    kid: Annotated[str, Meta(description="The receiver's key, as its JWKS names it.")]
    epk: (
        Annotated[dict[str, Any], Meta(description="The sender's key of the moment, for ECDH.")]
        | UnsetType
    ) = UNSET


class EncryptedMessage(Message, kw_only=True):
    """A message that only its receiver can read: a JWE in its flattened JSON form, in Base64url."""

    header: EncryptedMessageHeader
    ciphertext: str
    encrypted_key: str
    iv: str
    tag: str
    protected: (
        Annotated[str, Meta(description="Read where others protect their header; not written.")]
        | UnsetType
    ) = UNSET


class Envelope(Message, Generic[HeaderT, MessageT], kw_only=True):
    """A signed message: the signature covers header and message."""

    signature: Annotated[str, Meta(description="Over the canonical form of header and message.")]
    header: HeaderT
    message: MessageT


class OpenEnvelope(msgspec.Struct):
    """An envelope whose two halves are still the bytes that arrived."""

    header: msgspec.Raw
    message: msgspec.Raw
    signature: str | UnsetType = UNSET


class FileInfo(Message, kw_only=True):
    """The form in which a whole message is sent as a file (multipart/form-data)."""

    action: Annotated[str, Meta(description="The same as the file's header says.")]
    fileName: Annotated[
        str, Meta(description="The file itself.", extra_json_schema={"format": "binary"})
    ]
    fileFormat: Annotated[str, Meta(description="json or csv.")] = "json"
