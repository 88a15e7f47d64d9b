-- expect: passed
main :: IO ()
main = mapM_ print [0 .. 19999 :: Int]
