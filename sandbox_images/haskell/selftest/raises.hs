-- expect: runtime_error
main :: IO ()
main = error "on purpose"
