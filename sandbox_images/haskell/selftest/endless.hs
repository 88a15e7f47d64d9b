-- expect: cpu_timeout
main :: IO ()
main = go 1
  where
    go :: Int -> IO ()
    go n = if n < 0 then print n else go ((n * 3 + 1) `mod` 1000)
