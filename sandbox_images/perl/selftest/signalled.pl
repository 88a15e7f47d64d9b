# expect: signalled
kill "ABRT", $$;
sleep 5;
