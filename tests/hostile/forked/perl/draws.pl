print rand, qq(\n);
