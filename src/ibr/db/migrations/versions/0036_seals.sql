-- Audit events sealed in batches, each chained to the one before.

select 1;
