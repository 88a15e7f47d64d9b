-- expect: wrong_answer
select 'hello ' || (6 * 7);
