"""`ibr doctor`: everything the registry needs, looked at one by one and told in plain words."""
