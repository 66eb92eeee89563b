-- Officers: roles by programme and area, invitations, expiry, and acts that need two people.

select 1;
