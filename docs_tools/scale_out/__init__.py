"""Every SQL statement of the source, held against what a Citus cluster refuses."""
