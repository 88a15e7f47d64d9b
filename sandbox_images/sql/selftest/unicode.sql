-- expect: passed
select 'naïve 你好 🎉 łódź';
