"""OpenID Connect by code, with PKCE, state and nonce: for officers and for people themselves."""
