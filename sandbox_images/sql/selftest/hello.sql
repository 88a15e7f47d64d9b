-- expect: passed
select 'hello ' || (6 * 7);
