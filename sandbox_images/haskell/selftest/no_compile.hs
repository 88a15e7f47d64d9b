-- expect: compile_error
main :: IO ()
main = putStrLn 1
