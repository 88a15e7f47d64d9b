puts rand, Random.new_seed
