-- expect: passed
with recursive n(i) as (select 0 union all select i + 1 from n limit 20000) select i from n;
