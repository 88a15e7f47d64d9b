-- expect: cpu_timeout
while true do end
