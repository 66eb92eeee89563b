"""Questions that look like more than work: looked for, told once, looked at by a person."""
