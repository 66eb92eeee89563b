"""How the schema is spread over many servers with Citus: the plan, and what carries it out."""
