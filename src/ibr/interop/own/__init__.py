"""The registry's own interface for partners, beside the standard: plain JSON under /api/v1."""
