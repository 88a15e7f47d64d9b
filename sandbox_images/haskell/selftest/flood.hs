-- expect: output_limit
main :: IO ()
main = putStr (cycle "more and more and more\n")
