-- Files: mappings remembered per programme, uploads that go on, response files.

select 1;
