"""The ministry's own sign-in of officers, by OpenID Connect."""
