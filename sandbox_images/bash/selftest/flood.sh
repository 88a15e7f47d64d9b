# expect: output_limit
exec yes "more and more and more"
