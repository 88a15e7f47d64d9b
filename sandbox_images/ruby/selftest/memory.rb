# expect: memory_limit runtime_error
held = []
loop { held << "x" * 1_000_000 }
