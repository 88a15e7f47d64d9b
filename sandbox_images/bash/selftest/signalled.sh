# expect: signalled
kill -ABRT $$
