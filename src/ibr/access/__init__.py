"""Who may ask or tell, for what purpose."""
