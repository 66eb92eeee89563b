"""Labels of what officers sign in with and of what befalls accounts, for the pages."""

from __future__ import annotations

from typing import Final

from ibr.codelists.code_list import CodeList

SIGNED_IN_WITH: Final = CodeList(
    "signed_in_with",
    {
        "password": "Password",
        "passkey": "Passkey",
        "ministry": "The ministry's sign-in",
        "totp": "Authenticator app",
        "recovery": "Recovery code",
    },
)
SECURITY_NOTICE: Final = CodeList(
    "security_notice",
    {
        "break_glass": "The emergency account was used",
        "guessing": "Many wrong codes were given after the right password",
        "totp_set": "An authenticator app was set up",
        "totp_removed": "The authenticator app was removed",
        "passkey_added": "A passkey was added",
        "passkey_removed": "A passkey was removed",
        "recovery_made": "New recovery codes were made",
        "recovery_used": "A recovery code was used",
        "reset": "All factors were taken away by whoever runs the registry",
        "linked": "You came by the ministry's sign-in for the first time",
        "copied_passkey": "A copy of a passkey was tried and refused",
    },
)
LISTS: Final = {"SIGNED_IN_WITH": SIGNED_IN_WITH, "SECURITY_NOTICE": SECURITY_NOTICE}
