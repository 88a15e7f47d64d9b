-- expect: memory_limit runtime_error
local held = {}
while true do held[#held + 1] = string.rep("x", 1000000 + #held) end
