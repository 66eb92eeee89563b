-- Agreements: which partner and role may tell, ask and see what, for which purpose.

select 1;
