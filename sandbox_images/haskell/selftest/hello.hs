-- expect: passed
main :: IO ()
main = putStrLn ("hello " ++ show (6 * 7 :: Int))
