-- expect: cpu_timeout
main :: IO ()
main = print (go 1)
  where
    go :: Int -> Int
    go n = if n < 0 then n else go ((n * 3 + 1) `mod` 1000)
