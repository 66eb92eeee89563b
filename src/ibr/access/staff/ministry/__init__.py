"""The ministry's own sign-in: OpenID Connect by code, with PKCE, state and nonce."""
