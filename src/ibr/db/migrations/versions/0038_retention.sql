-- How long each class of data is kept, legal holds, erasures and research extracts.

select 1;
