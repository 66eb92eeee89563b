"""Finding records by what is known of them: one filter, compiled to SQL with bound values."""
