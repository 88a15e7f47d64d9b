-- expect: output_limit
while true do print(string.rep("more and more and more ", 1000)) end
