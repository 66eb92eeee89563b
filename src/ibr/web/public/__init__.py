"""The public site: released figures for everybody, without signing in."""
