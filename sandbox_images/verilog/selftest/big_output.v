// expect: passed
module main;
  integer i;
  initial for (i = 0; i < 20000; i = i + 1) $display("%0d", i);
endmodule
