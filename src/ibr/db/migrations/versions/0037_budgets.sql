-- Budgets of distinct people per asker and purpose, alarms, and protected people.

select 1;
