-- expect: runtime_error
select * from nothing;
select 1;
