-- What each programme was to report when, reminders, and how its feed fares.

select 1;
