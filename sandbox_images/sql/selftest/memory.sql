-- expect: memory_limit runtime_error
create table held(block);
with recursive n(i) as (select 1 union all select i + 1 from n limit 100000) insert into held select randomblob(1000000) from n;
