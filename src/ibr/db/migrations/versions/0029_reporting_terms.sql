-- Until when a programme's reports and its payments are due, for the figures on reporting.

alter table ibr.programme
    add column report_days smallint not null default 15 check (report_days between 0 and 366),
    add column pay_day smallint check (pay_day between 1 and 31);
call ibr.describe('programme', 'Which schemes exist, who runs them, what they give.', '{
    "report_days": "plain: days after the end of a cycle within which its report is due",
    "pay_day": "plain: day of the month until which benefits are due, empty where no rule says so"
}');
