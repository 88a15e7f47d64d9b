-- expect: passed
for i = 0, 19999 do print(i) end
