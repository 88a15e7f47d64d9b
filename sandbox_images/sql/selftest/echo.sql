-- expect: passed
.mode list
select rtrim(readfile('/dev/stdin'), char(10));
