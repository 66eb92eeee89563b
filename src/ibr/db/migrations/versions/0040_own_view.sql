-- What a person asked to see, to correct and objected to.

select 1;
