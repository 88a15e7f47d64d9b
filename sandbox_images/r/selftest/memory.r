# expect: memory_limit runtime_error
held <- list()
while (TRUE) held[[length(held) + 1]] <- rep(1.5, 1e6) + length(held)
