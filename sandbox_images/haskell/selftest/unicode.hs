-- expect: passed
main :: IO ()
main = putStrLn "naïve 你好 🎉 łódź"
