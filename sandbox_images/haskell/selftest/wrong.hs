-- expect: wrong_answer
main :: IO ()
main = putStrLn "hello 42"
