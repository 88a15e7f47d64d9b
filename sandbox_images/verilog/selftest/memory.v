// expect: memory_limit
module main;
  integer held[$];
  initial forever held.push_back(1);
endmodule
