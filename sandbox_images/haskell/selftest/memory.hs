-- expect: memory_limit
import qualified Data.Map.Strict as Map

main :: IO ()
main = print (Map.size (foldl (\held n -> Map.insert n (show n) held) Map.empty [1 :: Int .. 100000000]))
