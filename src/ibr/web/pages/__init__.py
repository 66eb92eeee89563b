"""One file per page; its template has the same name."""
