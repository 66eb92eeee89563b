-- Deliveries as first-class: control totals, holds, voids, and when each was known.

select 1;
